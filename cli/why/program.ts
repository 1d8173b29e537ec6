import type { Language } from "./sdks.ts";

/** What Go's linker puts in front of what a program was built from (cmd/link, the section `.go.buildinfo`). */
const goMark = Buffer.from("\xff Go buildinf:", "latin1");

/** The language of a compiled program, from the bytes of its file; `undefined` if nothing in them tells. */
export async function programLanguage(file: AsyncIterable<Buffer>): Promise<Language | undefined> {
  let end = Buffer.alloc(0);
  for await (const chunk of file) {
    const read = Buffer.concat([end, chunk]);
    if (read.includes(goMark)) return "go";
    end = read.subarray(-goMark.length);
  }
  return undefined;
}
