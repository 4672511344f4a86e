// C2SP tlog-proof: an index, a path and a signed checkpoint, for an entry that it may carry. It shows
// that the entry stands in the log, and not who signed it.
import { bytesOfBase64, canonicalBase64, malformed, parseDecimal, unable, Fault } from './receipt/bytes.js'
import { leafHash, verifyInclusion } from './receipt/merkle.js'
import { parsePolicy } from './receipt/policy.js'
import { evaluate } from './receipt/trust.js'

const HEADER = 'c2sp.org/tlog-proof@v1'

/** Tell whether a text begins as a proof does. */
export const isProof = (text) => text.startsWith('c2sp.org/tlog-proof@')

/** Check a proof against a policy: {outcome, fault, found}, as `verifyReceipt` does. Never throws. */
export async function verifyProof(text, policyText, now) {
  const found = {}
  try {
    found.policy = await parsePolicy(policyText)
    const { index, path, entry, checkpoint } = parseProof(text)
    found.trusted = await evaluate(found.policy, checkpoint, now)
    if (!entry) throw unable('verify.entry', 'the proof does not hold its entry: check it with the command line')
    const { size, root } = found.trusted.checkpoint
    found.index = index
    found.way = await verifyInclusion(await leafHash(entry), index, size, path, root)
    return { outcome: 'holds', fault: null, found }
  } catch (error) {
    const fault = error instanceof Fault ? error : unable('browser.error', String(error))
    return { outcome: fault.kind === 'unable' ? 'unable' : 'fails', fault, found }
  }
}

function parseProof(text) {
  const cut = text.indexOf('\n\n')
  if (cut < 0) throw malformed('proof.lines', 'a blank line before the checkpoint', 'none')
  const lines = text.slice(0, cut).split('\n')
  if (lines.shift() !== HEADER) throw malformed('proof.header', `${HEADER} on the first line`)
  const extra = lines[0]?.startsWith('extra ') ? lines.shift().slice(6) : null
  const said = lines.shift() ?? ''
  if (!said.startsWith('index ')) throw malformed('proof.index', 'index <number> on the next line')
  if (lines.length > 63) throw malformed('proof.path', 'at most 63 hashes', lines.length)
  const path = lines.map(canonicalBase64)
  if (path.some((hash) => hash.length !== 32)) throw malformed('proof.path', 'hashes of 32 bytes')
  const entry = extra === null ? null : canonicalBase64(extra)
  if (entry && !bytesOfBase64(extra)?.length) throw malformed('proof.extra', 'an entry', 'nothing')
  return { index: parseDecimal(said.slice(6)), path, entry, checkpoint: text.slice(cut + 2) }
}
