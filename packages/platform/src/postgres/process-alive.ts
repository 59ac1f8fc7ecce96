/** Whether a process of this number runs, ours or anyone's. */
export const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    // Not permitted means that it lives, and belongs to another user.
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}
