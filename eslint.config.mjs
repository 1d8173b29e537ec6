import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      "**/dist/",
      ".pulumi-state/",
      // Programs as others write them.
      "packages/telemetry/apps/*/",
      "packages/stack/examples/",
      "packages/component/*.ts",
      "templates/",
      "test/recordings/clients/",
      "packages/telemetry/test/fixtures/*.{cjs,mjs}",
      "instrumentation/register.mjs",
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["eslint.config.mjs", ".dependency-cruiser.cjs"] } },
    },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: ["describe", "it", "before", "after"] },
      ],
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true, named: true } }],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportAllDeclaration", message: "export names, so that the public surface can be read" },
      ],
    },
  },
  { files: ["*.mjs", "*.cjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["*.mjs", "*.cjs"], rules: { "no-restricted-exports": "off" } },
);
