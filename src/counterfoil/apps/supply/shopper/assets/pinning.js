// Whose keys count: those that the code on the product names, and its domain vouches for.
//
// A page cannot vouch for itself. What can is the link that was scanned: its domain, which only its
// owner can serve, and in its fragment the digest of the policy. The domain has to be the brand's.
import { sha256, toBase64, utf8 } from "./bytes.js";
import { canonicalName } from "./naming.js";

const WITH_KEYS = /(?:^#?|&)keys=sha256-([A-Za-z0-9_-]{43})(?:&|$)/;
const NAMED = /^https:\/\/id\.gs1\.org\//;

/** Name a policy as links do: base64url of its SHA-256. */
export const policyName = async (text) =>
  toBase64(await sha256(utf8(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Read a link to {scheme, origin, host, thing, digest}, or null. */
export function readLink(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  const name = canonicalName(`https://x${url.pathname}`);
  return {
    scheme: url.protocol, origin: url.origin, host: url.host,
    thing: NAMED.test(name) ? name : null, digest: WITH_KEYS.exec(url.hash)?.[1] ?? null,
  };
}

/** Judge the keys by the link that the page was opened with, or that its reader pasted.
 *
 * Returns [state, name, word, sentence]. name: pinned, unpinned, mismatch, elsewhere or another. */
export async function judgeKeys({ brand, policy, thing }, opened, pasted) {
  const link = readLink(pasted ?? opened);
  const whence = pasted === null ? "The page came from" : "The code leads to";
  if (link === null) return ["bad", "another", "That is no link of a code.", "Paste all of it, https://... to its end."];
  if (brand === "") {
    return ["wait", "unpinned", "Keys not pinned: only intact.",
      "Whoever made this page named no domain that vouches for its keys."];
  }
  if (link.scheme === "file:" || link.scheme === "about:" || link.scheme === "blob:") return UNSCANNED(brand);
  if (link.scheme !== "https:") {
    return ["wait", "unpinned", "Keys not pinned: only intact.",
      `${whence} ${link.host} without https: anybody on the way could have changed it.`];
  }
  if (link.origin !== brand) {
    return ["bad", "elsewhere", "Not from the brand.",
      `${whence} ${link.host}, but it says that it is about a product of ${hostOf(brand)}. Do not rely on it.`];
  }
  if (link.thing !== null && link.thing !== thing) {
    return ["bad", "another", "Not about this product.", "The code is on another product than this page is about."];
  }
  if (link.digest === null) {
    return ["wait", "unpinned", "Keys not pinned by the code.",
      `${whence} ${link.host}, but the link names no keys: ${link.host} alone vouches for this page, as it is today.`];
  }
  if (link.thing === null && pasted !== null) {
    return ["bad", "another", "Not about this product.", "The link names no product."];
  }
  if (link.digest !== (await policyName(policy))) {
    return ["bad", "mismatch", "Not the keys of the code.",
      "The code on the product names other keys than this page carries. Do not rely on it."];
  }
  return ["ok", "pinned", `Keys as pinned by ${link.host}`, "(read from the code you scanned)."];
}

const UNSCANNED = (brand) =>
  ["wait", "unpinned", "Keys not pinned: only intact.",
    `This page was opened from a file. Paste the link of the code on the product to compare it; it has to begin with ${brand}/.`];

export const hostOf = (brand) => brand.replace(/^https:\/\//, "");
