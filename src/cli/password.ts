import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { newPasswordFault, type PasswordFault } from '../identity/password.ts'
import { Refusal, wrongUsage } from './refusal.ts'
import { askHidden, readInput, type Terminal } from './terminal.ts'

export type PasswordOptions = { readonly passwordStdin?: true; readonly passwordFile?: string }

/** There is no option that takes a password itself: the arguments of a process can be read by everybody. */
export const declarePassword = (command: Command): Command =>
  command
    .option('--password-stdin', 'read the password from standard input')
    .option('--password-file <file>', 'read the password from a file')

const advice: Readonly<Record<PasswordFault, string>> = {
  too_short: 'The password is too short: at least 8 characters.',
  too_long: 'The password is too long: at most 1024 bytes.',
  unusable_character: 'The password holds a character that no form can send (NUL, or half of a surrogate pair).',
}

/** Of a file: without the line break that every editor adds. */
const readPasswordFile = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Refusal(`The password file cannot be read (${code}): ${path}`)
  }
}

const askTwice = async (terminal: Terminal): Promise<string> => {
  const [password = '', again] = await askHidden(terminal, ['Password: ', 'Once more: '])
  if (password !== again) throw new Refusal('The two passwords differ; nothing was changed.')
  return password
}

/** Says before anything else whether a password can be had at all. */
export const passwordSource = (
  terminal: Terminal,
  { passwordStdin, passwordFile }: PasswordOptions,
): (() => Promise<string>) => {
  if (passwordStdin && passwordFile !== undefined)
    throw wrongUsage('--password-stdin and --password-file are two sources of one password; keep one.')
  if (!passwordStdin && passwordFile === undefined && !terminal.stdin.isTTY)
    throw wrongUsage(
      'There is no terminal to ask for a password. Give it by --password-stdin or --password-file FILE; never as an argument.',
    )
  return async () => {
    const password = passwordStdin
      ? await readInput(terminal)
      : passwordFile !== undefined
        ? await readPasswordFile(passwordFile)
        : await askTwice(terminal)
    const fault = newPasswordFault(password)
    if (fault) throw new Refusal(advice[fault], 'invalid_password')
    return password
  }
}
