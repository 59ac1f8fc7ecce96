import { parseArgs, type ParseArgsConfig } from "node:util"

/** A call that asks for something there is not; its message is for whoever called. */
export class WrongArguments extends Error {}

/** The words of a command line as `node:util` parses them. Throws {@link WrongArguments}. */
export const parsedArguments = <const T extends ParseArgsConfig>(config: T) => {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new WrongArguments(error instanceof Error ? error.message : String(error))
  }
}

/** The whole number from 1 on that an option was given, or else the fallback. Throws {@link WrongArguments}. */
export const wholeArgument = <Fallback extends number | undefined>(
  name: string,
  given: string | undefined,
  fallback: Fallback
): number | Fallback => {
  if (given === undefined) return fallback
  const number = Number(given)
  if (!Number.isInteger(number) || number < 1) throw new WrongArguments(`--${name} takes a whole number from 1 on`)
  return number
}

/** Runs a command; a wrong call of it is told with the usage, and ends with 2. */
export const runCommand = async (usage: string, command: () => void | Promise<void>): Promise<void> => {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exitCode = 2
  }
}
