import { chownSync, lstatSync, readFileSync, statSync } from "node:fs"
import { dirname } from "node:path"

/** The user and group, as numbers, a server process runs as. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** What `nobody` is where /etc/passwd does not say. */
const NOBODY: ServerUser = { uid: 65534, gid: 65534 }

const readUser = (name: string): ServerUser | undefined => {
  const line = readFileSync("/etc/passwd", "utf8").split("\n").map((user) => user.split(":")).find(([n]) => n === name)
  return line === undefined ? undefined : { uid: Number(line[2]), gid: Number(line[3]) }
}

/** PostgreSQL refuses to run as root; for root this is `postgres` or `nobody`, for everyone else undefined: oneself. */
export const serverUser: ServerUser | undefined = process.getuid?.() === 0
  ? readUser("postgres") ?? readUser("nobody") ?? NOBODY
  : undefined

/** Makes the server's user the owner of a file or folder. */
export const giveToServerUser = (path: string): void => {
  if (serverUser !== undefined) chownSync(path, serverUser.uid, serverUser.gid)
}

/** Whether the server's user may walk down to this place; its deepest folders need not exist yet. */
export const isReachableForServerUser = (path: string): boolean => {
  if (serverUser === undefined) return true
  const parent = dirname(path)
  if (parent === path) return true
  return isReachableForServerUser(parent) && (!exists(parent) || mayEnter(parent, serverUser))
}

const exists = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined

const mayEnter = (folder: string, user: ServerUser): boolean => {
  const { gid, mode, uid } = statSync(folder)
  if (uid === user.uid) return (mode & 0o100) !== 0
  return (mode & (gid === user.gid ? 0o010 : 0o001)) !== 0
}
