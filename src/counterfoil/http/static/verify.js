// Check a receipt in the browser: by the very modules of the receipt that checks itself. The file
// goes nowhere.
import { byId, el, icon, visible } from './receipt/dom.js'
import { checkLines, factParts, judgementOf, nowSeconds, number, outline, pathParts, sentence } from './receipt/findings.js'
import { pathFigure } from './receipt/tally.js'
import { CHECKS, verifyReceipt } from './receipt/verify.js'
import { isProof, verifyProof } from './proof.js'

const MAX_BYTES = 16 << 20
const ROWS_MAX = 24
const form = byId('verify-form')
const own = byId('own-policy').textContent
const result = byId('result')
let turn = 0

/** Take the receipt out of a page that checks itself; what else is in the page is not looked at. */
function ofPage(text) {
  const found = [...text.matchAll(/<script type="application\/json" id="receipt">([^<]*)<\/script>/g)]
  if (found.length !== 1) return text
  return found[0][1].split('\\\\').map((part) => part.replaceAll('\\u003c', '<')).join('\\\\').trim()
}

async function check() {
  const mine = (turn += 1)
  const given = form.elements.receipt.value.trim()
  if (!given) return
  const policy = form.elements.policy.value.trim()
  const whose = policy ? 'the policy that you brought' : `this ledger's own policy: the word of whoever runs this node`
  const text = given.startsWith('<') ? ofPage(given) : given
  const policyText = policy ? `${policy}\n` : own
  document.documentElement.dataset.outcome = 'checking'
  const shown = isProof(text)
    ? ofProof(await verifyProof(`${text}\n`, policyText, nowSeconds()))
    : await ofReceipt(await verifyReceipt(text, policyText, nowSeconds()), text)
  if (mine !== turn) return // a slower answer to an older question
  const { outcome, word, lines, parts } = shown
  const state = { holds: 'ok', fails: 'bad', unable: 'wait' }[outcome]
  result.replaceChildren(
    el('div', { class: `notice ${state}` },
      el('h2', { class: state }, icon(state), word),
      ...lines.map((line) => el('p', {}, line)),
      el('p', { class: 'note small' }, `Judged by ${whose}. Checked in this browser, at ${new Date().toLocaleTimeString()}.`)),
    ...parts)
  result.hidden = false
  document.documentElement.dataset.outcome = outcome
  document.title = `${word} · Verify · Counterfoil`
}

async function ofReceipt(found, text) {
  const said = await outline(text)
  const { outcome, fault, passed } = found
  const parts = [
    el('section', {}, el('h2', {}, 'What was checked'), el('ol', { class: 'checks' }, ...checkLines(found, said))),
    el('div', { class: 'halves checked' },
      el('section', { class: 'said-facts' }, ...folded(factParts(found, said))),
      el('section', {}, ...(found.found.way ? pathParts(found) : []))),
  ]
  if (outcome === 'holds') {
    const [, , grade, ...who] = judgementOf(found)
    const { origin, size } = found.found.trusted.checkpoint
    const place = `Entry ${number(found.found.receipt.record.index)} stands in ${visible(origin)}, as of size ${number(size)}: ${grade}`
    return { outcome, word: 'Valid', lines: [place, ...who], parts }
  }
  const failed = Object.keys(CHECKS)[passed.length]
  if (outcome === 'unable') return { outcome, word: 'Not checked here', lines: [sentence(fault), 'Let the node check it, or the command line.'], parts }
  const where = `The check of its ${failed} fails: ${fault.message} [${fault.code}]`
  const hint = fault.code === 'trust.unknown-log' ? ['It may be good all the same: bring the policy of its log.'] : []
  return { outcome, word: 'Invalid', lines: [visible(where), ...hint], parts }
}

/** Fold a long table away; what it is called stays. */
function folded(parts) {
  return parts.map((part) => {
    if (part.localName !== 'dl' || part.childElementCount <= ROWS_MAX) return part
    const fold = el('details', {}, el('summary', {}, `${part.childElementCount} fields`))
    fold.append(part)
    return fold
  })
}

function ofProof({ outcome, fault, found }) {
  if (outcome !== 'holds') {
    const word = outcome === 'fails' ? 'Invalid' : 'Not checked here'
    return { outcome, word, lines: [`${sentence(fault)} [${fault.code}]`], parts: [] }
  }
  const { origin, size } = found.trusted.checkpoint
  const label = `Proof path of ${found.way.length} hashes`
  return {
    outcome,
    word: 'Valid',
    lines: [
      `Entry ${number(found.index)} stands in ${visible(origin)}, as of size ${number(size)}: ${judgementOf({ outcome, found })[2]}`,
      'A tlog-proof does not show who signed the entry.',
    ],
    parts: [el('figure', { class: 'checked' }, pathFigure(found.way, label))],
  }
}

async function take(file, field) {
  if (!file) return
  if (file.size > MAX_BYTES) {
    form.elements[field].value = ''
    result.replaceChildren(el('p', { class: 'bad' }, 'The file is larger than any receipt.'))
    result.hidden = false
    return
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (field === 'receipt' && bytes[0] === 0xd2) { // COSE: not text
    result.replaceChildren(el('p', { class: 'wait' }, 'A receipt in COSE is checked by the node: send it with the button.'))
    result.hidden = false
    return
  }
  form.elements[field].value = new TextDecoder().decode(bytes)
  byId('paste').open = true
  check()
}

form.elements.file.addEventListener('change', ({ target }) => take(target.files[0], 'receipt'))
form.elements.policy_file.addEventListener('change', ({ target }) => take(target.files[0], 'policy'))
for (const name of ['receipt', 'policy']) form.elements[name].addEventListener('input', check)
const drop = byId('drop')
drop.addEventListener('dragover', (event) => {
  event.preventDefault()
  drop.classList.add('over')
})
drop.addEventListener('dragleave', () => drop.classList.remove('over'))
drop.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  take(event.dataTransfer.files[0], 'receipt')
})
check()
