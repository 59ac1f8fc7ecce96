// Loaded into a service before its own code (`node --import`): it ends when the process that started it is gone, also by
// SIGKILL. The other end of this pipe is held by nobody else.
import { Socket } from "node:net"

const parent = new Socket({ fd: 3, readable: true, writable: false })
parent.on("error", () => {}).on("close", () => process.kill(process.pid, "SIGKILL")).resume().unref()
