const unreleased = "## Unreleased\n";

/**
 * CHANGELOG.md as it is once what was not released yet has a version: that section is its, and above it is an empty one.
 *
 * @param version without a v, for instance `0.2.0`
 * @param date of the release, for instance `2026-11-27`
 * @throws Error if there is nothing to release, or the version has a section already.
 */
export function releasedChangelog(text: string, version: string, date: string): string {
  const [before, rest, ...more] = text.split(unreleased);
  if (before === undefined || rest === undefined || more.length > 0) {
    throw new Error(`CHANGELOG.md: must have the section Unreleased once, found it ${more.length + 1} times`);
  }
  if (text.includes(`\n## ${version} `)) {
    throw new Error(`CHANGELOG.md: must have no section for ${version} yet; choose another version`);
  }
  const [own = ""] = rest.split("\n## ");
  if (!/^- /m.test(own)) throw new Error("CHANGELOG.md: must say under Unreleased what is new, says nothing; write it");
  return `${before}${unreleased}\n## ${version} - ${date}\n${rest}`;
}

/** What CHANGELOG.md says of a version, for the page of its release. @throws Error if it says nothing. */
export function changesOf(text: string, version: string): string {
  const [, rest = ""] = text.split(`\n## ${version} - `);
  const [own = ""] = rest.split("\n## ");
  const changes = own.slice(own.indexOf("\n") + 1).trim();
  if (changes === "") throw new Error(`CHANGELOG.md: must have a section for ${version}, has none`);
  return `${changes}\n`;
}
