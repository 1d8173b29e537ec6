export { expectNoReplace, expectNoSecrets, expectPorts } from "./preview/expectations.ts";
export type { NoReplaceOptions, NoSecretsOptions } from "./preview/expectations.ts";
export { previewProgram } from "./preview/preview-program.ts";
export type {
  Footprint,
  PreviewFile,
  PreviewInstance,
  PreviewPort,
  PreviewVolume,
  ProgramPreview,
} from "./preview/preview-program.ts";
export { previewStack } from "./preview/preview-stack.ts";
export type { StackPreview, StackPreviewOptions } from "./preview/preview-stack.ts";
export type { PreviewResource, ProgramOptions } from "./preview/record-program.ts";
export { secretValue, unknownValue } from "./preview/values.ts";
export type { PreviewValue, PreviewValues } from "./preview/values.ts";
