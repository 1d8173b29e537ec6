/** A text file: the path at which somebody finds it, and what is in it. */
export interface TextFile {
  readonly path: string;
  readonly content: string;
}
