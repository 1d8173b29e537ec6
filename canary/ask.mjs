// @ts-check

/** Most of an answer that is read, in bytes: hundreds of times what a store says of two hours. */
const mostAnswerBytes = 4 * 1024 * 1024;

/**
 * @param {string} text
 * @returns {unknown}
 */
export function parsed(text) {
  return JSON.parse(text);
}

/**
 * A request, and its answer as text.
 * @param {string} url
 * @param {RequestInit & { readonly signal: AbortSignal, readonly also?: number }} init `also`: a status that is no error
 * @throws {Error} for any other status that is none of 200 to 299, and for an answer that is too long
 */
export async function ask(url, { also, ...init }) {
  const answer = await fetch(url, init);
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of /** @type {AsyncIterable<Uint8Array>} */ (answer.body ?? [])) {
    bytes += chunk.byteLength;
    if (bytes > mostAnswerBytes) throw new Error(`${new URL(url).host}: must answer at most ${mostAnswerBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  const { status, ok } = answer;
  if (ok || status === also) return { status, text };
  throw new Error(`${new URL(url).host} answered ${status}: ${text.trim().slice(0, 200)}`);
}
