// A collector that takes everything and keeps nothing, as a process of its own. Answers its first task with its port.
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const server = createServer((request, response) => {
  request.resume().once("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"))
}).listen(0, "127.0.0.1")

process.on("message", () => void process.send!((server.address() as AddressInfo).port))
