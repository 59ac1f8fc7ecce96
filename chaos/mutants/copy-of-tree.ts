import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

export const ROOT = join(import.meta.dirname, "../..")

/** Everything that belongs to the tree as it stands, committed or not. */
const filesOf = (root: string): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
    .split("\0").filter((file) => file !== "" && existsSync(join(root, file)))

/**
 * Packages are linked, since nobody changes them. Our own are links too, out of the folder of packages and into the tree
 * beside it, and are copied as they are: so those in the copy lead to the copy's packages, and a mutant is what runs.
 */
const linkPackages = (root: string, copy: string) => {
  const from = join(root, "node_modules")
  const to = join(copy, "node_modules")
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (name === "@surety") cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true })
    else if (name === ".bin" || !name.startsWith(".")) symlinkSync(join(from, name), join(to, name))
  }
}

/** The tree in a temporary folder, which is gone with the scope. */
export const copyOfTree = Effect.acquireRelease(
  Effect.sync(() => {
    const copy = mkdtempSync(join(tmpdir(), "surety-mutant-"))
    for (const file of filesOf(ROOT)) {
      mkdirSync(join(copy, dirname(file)), { recursive: true })
      copyFileSync(join(ROOT, file), join(copy, file))
    }
    linkPackages(ROOT, copy)
    return copy
  }),
  (copy) => Effect.sync(() => rmSync(copy, { recursive: true, force: true, maxRetries: 5 }))
)

/** Applies a patch to a copy, or with `check` only says whether it could be. Answers why not. */
export const applyPatch = (patch: string, folder: string, check = false): string | undefined => {
  try {
    execFileSync("git", ["apply", "--whitespace=nowarn", ...(check ? ["--check"] : []), patch], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
      // A copy is no repository, also where the temporary folder is in one.
      env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) }
    })
    return undefined
  } catch (error) {
    return `the patch does not apply: ${(error as { readonly stderr?: string }).stderr?.trim() ?? String(error)}`
  }
}
