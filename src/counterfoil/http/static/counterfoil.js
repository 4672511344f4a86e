// What pages do beyond links and forms; every page is whole without it.
for (const one of document.querySelectorAll('[data-copy]')) {
  one.addEventListener('dblclick', () => navigator.clipboard?.writeText(one.dataset.copy))
}
