import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { buffer } from "node:stream/consumers";
import pWaitFor from "p-wait-for";
import { pack } from "tar-stream";
import { z } from "zod";
import { partOf } from "../../cli/download.ts";
import { Progress } from "../../cli/progress.ts";
import { pulumiCli, versionOf } from "../../cli/pulumi-cli.ts";
import { fakeCommand } from "../support/fake-command.ts";
import { run } from "../e2e/support/run.ts";

/** The version that package.json pins. */
const { version } = z.object({ version: z.string() }).parse(createRequire(import.meta.url)("pulumi/package.json"));
const system = { linux: "linux", darwin: "darwin" }[process.platform as "linux" | "darwin"];
const archiveName = `pulumi-v${version}-${system}-${process.arch}.tar.gz`;

/** An archive as Pulumi publishes it: programs in one folder. */
async function archiveOf(programs: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(programs))
    archive.entry({ name: `pulumi/${name}`, mode: 0o755 }, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

describe("the Pulumi CLI", () => {
  const before = { ...process.env };
  let home: string;
  let archive: Buffer;
  let server: Server;
  let from: string;
  /** What the server is asked for, with the range. */
  let asked: string[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let lines: string[];
  let progress: Progress;

  const checksums = (): string =>
    `${"0".repeat(64)}  pulumi-v${version}-windows-x64.zip\n${createHash("sha256").update(archive).digest("hex")}  ${archiveName}\n`;

  /** Answers as a server of files does. @param limit how many bytes it sends before the connection is cut off */
  const send = (request: IncomingMessage, response: ServerResponse, limit = Infinity): void => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const rest = archive.subarray(start);
    response.writeHead(start === 0 ? 200 : 206, { "content-length": rest.length });
    if (request.method === "HEAD") response.end();
    else if (limit >= rest.length) response.end(rest);
    else {
      response.write(rest.subarray(0, limit));
      // As soon as some of it is on the disk.
      void pWaitFor(() => (statSync(part(), { throwIfNoEntry: false })?.size ?? 0) > 0).then(() => response.destroy());
    }
  };

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "pulumi-home-"));
    // What cannot be made smaller: half of it is sent before the connection is cut off.
    const filling = createHash("shake256", { outputLength: 400_000 }).update("filling").digest("hex");
    archive = await archiveOf({
      pulumi: `#!/bin/sh\n[ "$1" = version ] && echo v${version}\nexit 0\n# ${filling}`,
      "pulumi-language-nodejs": "#!/bin/sh\necho language",
    });
    asked = [];
    answer = send;
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.range ?? ""}`.trim());
      if (request.url === `/pulumi-${version}-checksums.txt`) response.end(checksums());
      else answer(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env["PULUMI_HOME"] = home;
    process.env["PATH"] = "/usr/bin:/bin";
    lines = [];
    progress = new Progress((line) => lines.push(line.replace(/^ *[\d.]+s {2}/, "")));
  });
  afterEach(async () => {
    progress.stop();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    rmSync(home, { recursive: true, force: true });
    for (const name of ["PULUMI_HOME", "PATH", "HTTPS_PROXY"]) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  });

  const root = (): string => join(home, "versions", version);
  const part = (): string => partOf(join(home, "versions", archiveName));
  const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

  /** What stands in front of each reason why it cannot be downloaded. */
  const wanted = (): string =>
    `pulumi: must be on the PATH, 3.208 or newer, or be downloaded from ${from}, got none on the PATH, and: `;
  const goesOn =
    "\n  next: connect this machine to that, then npm run up, which goes on where it was cut off; or install the Pulumi CLI yourself (https://www.pulumi.com/docs/iac/download-install/), then npm run up";

  it("that is on the PATH and new enough is taken, and nothing is downloaded", async () => {
    const pulumi = fakeCommand("pulumi", "echo v3.208.0");
    process.env["PATH"] = pulumi.env["PATH"];
    assert.equal(versionOf(await pulumiCli(progress, from)), "3.208.0");
    assert.deepEqual([asked, lines], [[], []]);
  });

  it("is downloaded where there is none, with its size said before, checked, unpacked and used", async () => {
    const { command, version: used } = await pulumiCli(progress, from);
    assert.equal(command, join(root(), "bin", "pulumi"));
    assert.equal(used?.version, version);
    assert.deepEqual(lines, [
      `downloading ${from}/${archiveName}, ${mib(archive.length)}`,
      `unpacking it to ${root()}`,
    ]);
    assert.deepEqual(readdirSync(join(home, "versions")), [version], "something else is left");
    assert.deepEqual(readdirSync(join(root(), "bin")), ["pulumi", "pulumi-language-nodejs"]);
    // What this process starts is the same one, and finds the language beside it.
    const language = await run("pulumi-language-nodejs", []);
    assert.equal(language.stdout, "language\n");
    assert.equal((await run("pulumi", ["version"])).stdout, `v${version}\n`);
  });

  it("that is there already, from an earlier run or from npx pulumi, is taken as it is", async () => {
    await pulumiCli(progress, from);
    asked.length = 0;
    process.env["PATH"] = "/usr/bin:/bin";
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
    assert.deepEqual(asked, []);
  });

  it("on the PATH that is too old is left aside", async () => {
    const pulumi = fakeCommand("pulumi", "echo v3.100.0");
    process.env["PATH"] = pulumi.env["PATH"];
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
    answer = (_, response) => response.writeHead(404).end();
    rmSync(root(), { recursive: true });
    process.env["PATH"] = pulumi.env["PATH"];
    await assert.rejects(pulumiCli(progress, from), /, got 3\.100\.0 on the PATH, and: the server answered 404\n/);
  });

  it("is not what npm puts in front of the PATH, and Node.js is found there all the same", async () => {
    const bin = join(home, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "pulumi"), "#!/bin/sh\necho v9.0.0\n", { mode: 0o755 });
    const pulumi = fakeCommand("pulumi", "echo v3.259.0");
    process.env["PATH"] = `${bin}:${pulumi.env["PATH"] ?? ""}`;
    assert.equal(versionOf(await pulumiCli(progress, from)), "3.259.0");
    assert.equal((await run("node", ["-p", "process.execPath"])).stdout.trim(), process.execPath);
    assert.equal(process.env["PATH"].split(":")[0], dirname(process.execPath));
  });

  it("on the PATH that does not answer is named, and no other is taken in its place", async () => {
    const pulumi = fakeCommand("pulumi", "echo broken >&2; exit 3");
    process.env["PATH"] = pulumi.env["PATH"];
    await assert.rejects(pulumiCli(progress, from), {
      message: /^pulumi: must answer `pulumi version`, got: [^\n]+\n {2}next: /,
      errorCodes: ["OBS1102"],
    });
    assert.deepEqual(asked, []);
  });

  it("whose download is cut off goes on where it was", async () => {
    const half = Math.floor(archive.length / 2);
    answer = (request, response) => {
      send(request, response, half);
    };
    await assert.rejects(pulumiCli(progress, from), (error) => {
      assert.ok(error instanceof Error);
      // How much of it has come is up to the system.
      const message = error.message.replace(/after 0\.\d MiB/, "after … MiB");
      assert.equal(message, `${wanted()}the connection was cut off after … MiB${goesOn}`);
      return true;
    });
    assert.ok(!existsSync(root()));
    const { size } = statSync(part());
    assert.ok(size > 0 && size <= half, String(size));
    asked.length = 0;
    lines.length = 0;
    answer = send;
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
    assert.deepEqual(asked, [
      `GET /pulumi-${version}-checksums.txt`,
      `HEAD /${archiveName}`,
      `GET /${archiveName} bytes=${size}-`,
    ]);
    assert.equal(
      lines[0],
      `downloading ${from}/${archiveName}, ${mib(archive.length)}; ${mib(size)} of it are here already`,
    );
  });

  it("begins again at a server that knows no ranges and tells no size", async () => {
    mkdirSync(dirname(part()), { recursive: true });
    writeFileSync(part(), "what was cut off");
    answer = (request, response) => {
      response.writeHead(request.method === "HEAD" ? 405 : 200).end(request.method === "HEAD" ? "" : archive);
    };
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
    assert.match(lines[0] ?? "", /of a size that the server does not tell; 0\.0 MiB of it are here already$/);
  });

  it("that is not what was published is removed, and downloaded anew the next time", async () => {
    const right = archive;
    const publishedSum = checksums();
    answer = (request, response) => {
      const wrong = Buffer.concat([right.subarray(0, -1), Buffer.from("x")]);
      response.writeHead(200, { "content-length": wrong.length }).end(request.method === "HEAD" ? "" : wrong);
    };
    await assert.rejects(pulumiCli(progress, from), (error) => {
      assert.ok(error instanceof Error);
      const [said = ""] = error.message.slice(wanted().length).split("\n");
      assert.match(said, /^it must have the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}, and was removed$/);
      assert.ok(publishedSum.includes(said.split(" ")[5]?.slice(0, 64) ?? "none"));
      return true;
    });
    assert.deepEqual(readdirSync(join(home, "versions")), []);
    answer = send;
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
  });

  it("that is whole but was not unpacked is not downloaded twice", async () => {
    mkdirSync(dirname(part()), { recursive: true });
    writeFileSync(part(), archive);
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
    assert.deepEqual(asked, [`GET /pulumi-${version}-checksums.txt`, `HEAD /${archiveName}`]);
  });

  it("that is not published is told, with the two ways out", async () => {
    answer = (_, response) => response.writeHead(404).end();
    await assert.rejects(pulumiCli(progress, from), {
      message: `${wanted()}the server answered 404${goesOn}`,
      errorCodes: ["OBS1102"],
    });
    assert.deepEqual(readdirSync(join(home, "versions")), []);
  });

  it("that fills the disk is told", async () => {
    mkdirSync(dirname(part()), { recursive: true });
    symlinkSync("/dev/full", part());
    await assert.rejects(pulumiCli(progress, from), {
      message: `${wanted()}the disk is full${goesOn.replace("connect this machine to that, then npm run up, which goes on where it was cut off", "make room, then npm run up")}`,
      errorCodes: ["OBS1105"],
    });
  });

  it("without a network is one error with the two ways out; behind a proxy with how to go by it", async () => {
    const nowhere = "http://127.0.0.1:1";
    from = nowhere;
    // Port 1 is one that `fetch` does not even try.
    await assert.rejects(pulumiCli(progress, from), { message: `${wanted()}bad port${goesOn}` });
    process.env["HTTPS_PROXY"] = "http://proxy.example.com:3128";
    await assert.rejects(
      pulumiCli(progress, from),
      /\n {2}next: NODE_USE_ENV_PROXY=1 npm run up, which goes by the proxy/,
    );
  });

  it("that cannot be kept is told before anything is downloaded", async () => {
    process.env["PULUMI_HOME"] = "/dev/null";
    await assert.rejects(
      pulumiCli(progress, from),
      /, got none on the PATH, and: ENOTDIR: not a directory, mkdir '\/dev\/null\//,
    );
    assert.deepEqual(asked, []);
  });

  it("whose installation was cut off is installed anew, and nothing half of it is ever used", async () => {
    mkdirSync(join(root(), "bin"), { recursive: true });
    writeFileSync(join(root(), "bin", "pulumi"), "");
    assert.equal(versionOf(await pulumiCli(progress, from)), version);
  });
});
