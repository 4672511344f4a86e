// Keys: / to search, j and k to go through rows, Enter opens one as any link does.

const typing = ({ target }) => target.closest?.('input, textarea, select, [contenteditable]')

/** Listen for keys. */
export function addKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return
    if (event.key === '/') {
      const field = document.querySelector('[data-search]') ?? document.getElementById('find')
      field?.focus()
      field?.select()
    } else if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1)
    else return
    event.preventDefault()
  })
}

function step(by) {
  const rows = [...document.querySelectorAll('main tbody tr')].map((row) => row.querySelector('a'))
  const links = rows.filter((link) => link?.checkVisibility())
  if (!links.length) return
  const row = document.activeElement?.closest?.('tr')
  const at = links.findIndex((link) => link.closest('tr') === row)
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1)
  links[next].focus()
  links[next].scrollIntoView({ block: 'nearest' })
}
