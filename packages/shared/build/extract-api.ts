import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage } from "@microsoft/api-extractor";

/** An entry of a package: what users import. */
export interface ApiEntry {
  /** What errors call it. */
  readonly name: string;
  /** Path of the package's folder, with its package.json. */
  readonly packageFolder: string;
  /** Path of the entry's declarations, as the compiler has written them. */
  readonly declaration: string;
  /** Path of the tsconfig that they were compiled with. */
  readonly project: string;
}

/** What is written: one file with all declarations of an entry, or what users can see of it. */
export interface ExtractedApi {
  readonly declarationFile?: string;
  readonly report?: { readonly folder: string; readonly fileName: string };
}

/**
 * Writes what users can see of an entry.
 *
 * @throws Error if something that users can see is not exported, or has no docstring
 */
export function extractApi(entry: ApiEntry, { declarationFile, report }: ExtractedApi): void {
  const { packageFolder } = entry;
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(packageFolder, "package.json"),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: packageFolder,
      mainEntryPointFilePath: entry.declaration,
      compiler: { tsconfigFilePath: entry.project },
      apiReport:
        report === undefined
          ? { enabled: false }
          : {
              enabled: true,
              reportFolder: report.folder,
              reportTempFolder: report.folder,
              reportFileName: report.fileName,
            },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: declarationFile !== undefined, untrimmedFilePath: declarationFile ?? "" },
      messages: { extractorMessageReporting: { "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None } } },
    },
  });
  const messages: string[] = [];
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message: ExtractorMessage) => {
      if (["error", "warning"].includes(message.logLevel))
        messages.push(message.formatMessageWithLocation(packageFolder));
      message.handled = true;
    },
  });
  if (messages.length > 0) throw new Error(`${entry.name}: ${messages.join("\n")}`);
}
