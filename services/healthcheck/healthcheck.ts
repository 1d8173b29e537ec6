/**
 * Exits with 0 when the service beside it answers `GET /healthz` with 200. A program of its own, because it runs every
 * few seconds: a bare socket takes less than half the CPU of `fetch`.
 */
import { connect } from "node:net";

const socket = connect({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 8080), timeout: 2_000 });
socket.write("GET /healthz HTTP/1.0\r\n\r\n");
socket.once("data", (answer) => process.exit(/^HTTP\/1\.\d 200 /.test(answer.toString()) ? 0 : 1));
for (const failure of ["error", "timeout", "end"]) socket.once(failure, () => process.exit(1));
