// A button behind each hash that copies all of it.
const say = (words) => {
  const said = document.getElementById('said')
  if (said) said.textContent = words
}

/** Put a button behind each [data-copy] in a part of the page. */
export function addCopyButtons(part) {
  for (const one of part.querySelectorAll('[data-copy]')) {
    if (one.parentNode.querySelector(':scope > .copy')) continue
    const text = one.dataset.copy || one.textContent
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = '⧉'
    button.title = 'Copy'
    button.setAttribute('aria-label', `Copy ${text.slice(0, 12)}`)
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(text)
        button.textContent = '✓'
        say('Copied')
        setTimeout(() => { button.textContent = '⧉' }, 1500)
      } catch { // not allowed here: select it, to be copied by hand
        getSelection().selectAllChildren(one)
        say('Selected: copy it with the keyboard')
      }
    })
    // Behind a link, not in it: a button in a link is neither.
    const place = one.closest('a') ?? one
    place.after(button)
  }
}
