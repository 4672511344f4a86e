// A button behind each hash that copies all of it.
const SHEETS = 'M9 9h11v11H9zM5 15H4V4h11v1'
const DONE = 'M5 12.5l4.5 4.5L19 7'

const make = (name, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  return node
}

const picture = (d) => {
  const drawn = make('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': true })
  drawn.append(make('path', { d }))
  return drawn
}

const say = (words) => {
  const said = document.getElementById('said')
  if (said) said.textContent = words
}

/** Put a button behind each [data-copy] in a part of the page. */
export function addCopyButtons(part) {
  for (const one of part.querySelectorAll('[data-copy]')) {
    // Behind a link, not in it: a button in a link is neither.
    const place = one.closest('a') ?? one
    if (place.nextElementSibling?.classList.contains('copy')) continue
    const text = one.dataset.copy || one.textContent
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.append(picture(SHEETS))
    button.title = 'Copy'
    button.setAttribute('aria-label', `Copy ${text.slice(0, 12)}`)
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(text)
        button.replaceChildren(picture(DONE))
        say('Copied')
        setTimeout(() => button.replaceChildren(picture(SHEETS)), 1500)
      } catch { // not allowed here: select it, to be copied by hand
        getSelection().selectAllChildren(one)
        say('Selected: copy it with the keyboard')
      }
    })
    place.after(button)
  }
}
