// Ed25519 as strict as libsodium, on top of WebCrypto.
//
// Browsers differ on keys and nonces of small order and on other spellings of a number. A receipt
// that one reader accepts and the next does not is no evidence, so those are refused here, before
// the browser is asked. Without Ed25519 in the browser the answer is "cannot tell", never "good".
import { fromHex, unable, untrue } from "./bytes.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const yOf = (point) => littleEndian(point) & (2n ** 255n - 1n); // the top bit is the sign of x

// The y of all eight points whose order divides 8: any message "fits" a key among them.
const Y8 = yOf(fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"));
const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

/** Check that `signature` (64 bytes) is by the key `publicKey` (32 bytes) over `message`. */
export async function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) {
    throw untrue("signature.length", "a signature of 64 bytes", signature.length);
  }
  const y = yOf(publicKey);
  const lax =
    littleEndian(signature.subarray(32)) >= L || // S has a second spelling: RFC 8032, 5.1.7
    y >= P || // the key has a second spelling
    SMALL_ORDER.has(y) ||
    SMALL_ORDER.has(yOf(signature.subarray(0, 32)) % P);
  await requireEd25519();
  if (lax || !(await ask(publicKey, message, signature))) {
    throw untrue("signature.invalid", "a signature by this key over these bytes");
  }
}

async function ask(publicKey, message, signature) {
  const name = "Ed25519";
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name }, false, ["verify"]);
    return (await crypto.subtle.verify({ name }, key, signature, message)) === true;
  } catch {
    return false; // it passes the trial below, so it is this key that it does not take
  }
}

// RFC 8032, 7.1, test 2.
const TRIAL_KEY = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
const TRIAL_SIGNATURE = fromHex(
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
);

/** Try a signature that is known to hold, and one that is known not to. */
async function requireEd25519() {
  const trial = (byte) => ask(TRIAL_KEY, Uint8Array.of(byte), TRIAL_SIGNATURE);
  if (!(await trial(0x72)) || (await trial(0x73))) {
    throw unable("browser.no-ed25519", "this browser cannot check Ed25519 signatures");
  }
}
