/**
 * The provider's durable memory: one JSON line an operation, appended before the operation is answered.
 *
 * Lines that arrive while the disk is busy wait and go together in the next write and sync (group commit), so the cost
 * of a sync is shared by all who wait for it instead of being paid by each.
 */
import { createReadStream } from "node:fs"
import { type FileHandle, mkdir, open } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Entry } from "./books.ts"

export interface Journal {
  /** Resolves when the entry is on disk; rejects when the disk refuses, which nobody should survive. */
  readonly append: (entry: Entry) => Promise<void>
  readonly close: () => Promise<void>
}

const done = Promise.resolve()
/** Remembers nothing: for tests and benchmarks that end with the process. */
export const memoryJournal: Journal = { append: () => done, close: () => done }

const JOURNAL_FILE = "journal.jsonl"
const TAIL_CHUNK_BYTES = 64 * 1024

/** Opens (or creates) the journal of a folder, tells every entry it holds in order, and goes on from there. */
export const openJournal = async (folder: string, onEntry: (entry: Entry) => void): Promise<Journal> => {
  await mkdir(folder, { recursive: true })
  const path = join(folder, JOURNAL_FILE)
  const file = await open(path, "a+")
  try {
    await dropTornLine(file)
    await readEntries(path, onEntry)
  } catch (error) {
    await file.close()
    throw error
  }
  return appender(file)
}

/** A crash in the middle of a write leaves a line without an end. Nobody was answered for it, so it never happened. */
const dropTornLine = async (file: FileHandle): Promise<void> => {
  let end = (await file.stat()).size
  const chunk = Buffer.alloc(TAIL_CHUNK_BYTES)
  while (end > 0) {
    const start = Math.max(0, end - TAIL_CHUNK_BYTES)
    const { bytesRead } = await file.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf("\n")
    if (newline >= 0) return file.truncate(start + newline + 1)
    end = start
  }
  await file.truncate(0)
}

const readEntries = async (path: string, onEntry: (entry: Entry) => void): Promise<void> => {
  let line = 0
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line += 1
    try {
      onEntry(JSON.parse(text) as Entry)
    } catch (cause) {
      throw new Error(`${path} line ${line} is not an entry of this journal`, { cause })
    }
  }
}

interface Waiting {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

const appender = (file: FileHandle): Journal => {
  let waiting: Array<Waiting> = []
  let writing: Promise<void> | undefined
  const writeAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await file.appendFile(batch.map(({ line }) => line).join(""))
        await file.datasync()
        for (const { resolve } of batch) resolve()
      } catch (cause) {
        for (const { reject } of batch) reject(cause)
      }
    }
    writing = undefined
  }
  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        waiting.push({ line: `${JSON.stringify(entry)}\n`, resolve, reject })
        writing ??= writeAll()
      }),
    close: async () => {
      await writing
      await file.close()
    }
  }
}
