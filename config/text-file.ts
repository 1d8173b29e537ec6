/** A text file: its path, in a container or a folder, and its content. */
export interface TextFile {
  readonly path: string;
  readonly content: string;
}
