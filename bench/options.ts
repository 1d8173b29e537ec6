/** The number of an option. @throws Error if it is none, or below the least */
export function numberOption(name: string, text: string, least = 0): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number < least)
    throw new Error(`--${name}: must be a number from ${least} on, got ${text}`);
  return number;
}
