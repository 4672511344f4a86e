// Live parts: when the node tells of something new, the page is asked for again and the part put in
// place, as the node wrote it: filters, escaping and words are those of the page without a script.
import { addCopyButtons } from './copy.js'

const LEAST_MS = 1000 // between two looks
const REST_MS = 4000 // where looking took long

/** Keep each [data-live] part of the page up to date; its value names the events it waits for. */
export function goLive() {
  const parts = [...document.querySelectorAll('[data-live][id]')]
  if (!parts.length || !globalThis.EventSource) return
  const names = [...new Set(parts.flatMap((part) => part.dataset.live.split(' ')))]
  const buttons = parts.filter((part) => part.dataset.name).map(addButton)
  let paused = false
  let waiting = false
  let missed = false
  const set = (value) => {
    paused = value
    for (const button of buttons) {
      button.dataset.paused = String(paused)
      button.textContent = paused ? 'Paused: go on' : 'Live: pause'
    }
    if (!paused && missed) look()
  }
  for (const button of buttons) button.addEventListener('click', () => set(!paused))
  const look = () => {
    if (paused || document.hidden) {
      missed = true
      return
    }
    if (waiting) {
      missed = true
      return
    }
    waiting = true
    missed = false
    const began = performance.now()
    refresh(parts).finally(() => {
      const rest = performance.now() - began > LEAST_MS ? REST_MS : LEAST_MS
      setTimeout(() => {
        waiting = false
        if (missed) look()
      }, rest)
    })
  }
  document.addEventListener('visibilitychange', () => { if (missed) look() })
  let events = null
  const listen = () => {
    events = new EventSource('/api/v1/events')
    for (const name of names) events.addEventListener(name, look)
    events.addEventListener('open', () => {
      missed = true // what came between the page and the first event, or while nothing was heard
      set(paused)
    })
    events.addEventListener('error', () => {
      if (events.readyState !== EventSource.CLOSED) return // it tries again by itself
      for (const button of buttons) button.hidden = true
    })
  }
  listen()
  addEventListener('pagehide', () => events.close())
  addEventListener('pageshow', (event) => { if (event.persisted) { listen(); look() } })
}

function addButton(part) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'live'
  button.textContent = 'Live: pause'
  button.title = `New ${part.dataset.name} appear by themselves`
  part.before(button)
  return button
}

async function refresh(parts) {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => null)
  if (!answer?.ok || answer.redirected) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  for (const part of parts) {
    const fresh = page.getElementById(part.id)
    if (!fresh || fresh.innerHTML === part.dataset.was) continue
    part.dataset.was = fresh.innerHTML
    replace(part, fresh)
  }
}

function replace(part, fresh) {
  const known = new Set([...part.querySelectorAll('[data-key]')].map((row) => row.dataset.key))
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null
  const open = [...part.querySelectorAll('details')].map((one) => one.open)
  part.replaceChildren(...document.adoptNode(fresh).childNodes)
  part.querySelectorAll('details').forEach((one, at) => { one.open = open[at] ?? one.open })
  for (const row of part.querySelectorAll('[data-key]')) {
    if (!known.has(row.dataset.key)) row.classList.add('fresh')
  }
  addCopyButtons(part)
  if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus()
}
