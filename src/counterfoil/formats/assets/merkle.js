// Inclusion in the history tree of RFC 9162.
import { sameBytes, sha256, toHex, untrue } from "./bytes.js";

/** Hash an entry to its leaf. The prefix keeps an entry from being taken for an inner node. */
export const leafHash = (entry) => sha256(Uint8Array.of(0), entry);

/** Check that `leaf` stands at `index` in the tree of `size` leaves under `root`.
 *
 * index: number; size: BigInt. Returns the way up: {side, sibling, parent} a level, where side
 * says on which side the sibling joins. Source: RFC 9162, 2.1.3.2. */
export async function verifyInclusion(leaf, index, size, path, root) {
  if (BigInt(index) >= size) throw untrue("proof.index", `an index below ${size}`, index);
  const way = [];
  let node = BigInt(index);
  let last = size - 1n;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0n) throw wrongLength(path);
    const side = node & 1n || node === last ? "left" : "right";
    const pair = side === "left" ? [sibling, hash] : [hash, sibling];
    hash = await sha256(Uint8Array.of(1), ...pair);
    way.push({ side, sibling, parent: hash });
    while (side === "left" && !(node & 1n) && node) {
      node >>= 1n;
      last >>= 1n;
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw wrongLength(path);
  if (!sameBytes(hash, root)) {
    throw untrue("proof.root-mismatch", `the root ${toHex(root)}`, toHex(hash));
  }
  return way;
}

const wrongLength = (path) =>
  untrue("proof.path-length", "another number of hashes in the path", path.length);
