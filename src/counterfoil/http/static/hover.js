// What a mark of a picture says, at once and for keys and touch too: the browser's own tip is slow.

/** Show the title of the mark that the pointer is on, or that has the focus. */
export function addHover() {
  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.hidden = true
  tip.setAttribute('aria-hidden', 'true')
  document.body.append(tip)
  const titleOf = (target) => {
    const mark = target.closest?.('.drawing :is(rect, circle, path, a)')
    return mark?.querySelector(':scope > title, :scope title')?.textContent ?? ''
  }
  const show = (words, x, y) => {
    tip.hidden = !words
    if (!words) return
    tip.textContent = words
    const { width, height } = tip.getBoundingClientRect()
    const left = Math.min(x + 12, innerWidth - width - 8)
    const top = y + 16 + height > innerHeight ? y - height - 12 : y + 16
    place(tip, Math.max(left, 8), top)
  }
  document.addEventListener('pointermove', (event) => show(titleOf(event.target), event.clientX, event.clientY))
  document.addEventListener('pointerleave', () => show(''))
  document.addEventListener('focusin', ({ target }) => {
    const box = target.getBoundingClientRect?.()
    if (box) show(titleOf(target), box.left, box.bottom - 16)
  })
  document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') show('') })
}

// Set by script, which a policy without style attributes allows (CSP 3, CSSOM).
function place(node, left, top) {
  node.style.left = `${left}px`
  node.style.top = `${top}px`
}
