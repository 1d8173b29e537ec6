/**
 * How long redaction takes for the longest text that it looks at, made of what it looks for: names, separators and
 * beginnings of credentials, one behind the other. Prints the slowest ten of all pairs of them.
 * Needs nothing that is deployed; a machine that does nothing else gives the numbers of packages/telemetry/README.md.
 */
import { redactText } from "../packages/telemetry/src/redaction/redactor.ts";
import { longestText } from "../packages/telemetry/src/redaction/characters.ts";
import { median, spread } from "./statistics.ts";

const heads =
  `a aB ab key keys pw token apiKey PASSWORD Bearer basic eyJ ey ghp_ sk- N -b --token mysql a@b.co a:b@ user:x@
  https://a:b@c ://a ?sig &code \\ \\" [ < %3D %22 1 -----BEGIN`
    .split(/\s+/)
    .filter((head) => head !== "");
const tails = ["", " ", ":", "=", ": x ", "=1 ", ' "x" ', " 'x' ", "%3Ax", "@", "-", "\\n", "</"];

/** Milliseconds for each of 21 runs, after enough others that all of it is compiled. */
function timesOf(piece: string): readonly number[] {
  const text = piece.repeat(Math.ceil(longestText / piece.length)).slice(0, longestText);
  for (let run = 0; run < 15; run += 1) redactText(text);
  return Array.from({ length: 21 }, () => {
    const started = performance.now();
    redactText(text);
    return performance.now() - started;
  });
}

const results = heads
  .flatMap((head) => tails.map((tail) => `${head}${tail}`))
  .map((piece) => ({ piece, times: timesOf(piece) }))
  .sort((a, b) => median(b.times) - median(a.times));
process.stdout.write(`${longestText} characters, made of one of ${results.length} pieces; the slowest, in ms:\n`);
for (const { piece, times } of results.slice(0, 10)) {
  process.stdout.write(`${JSON.stringify(piece).padEnd(24)} ${spread(times)}\n`);
}
