import { StringDecoder } from 'node:string_decoder'
import { Refusal } from './refusal.ts'

export type Output = { write(text: string): unknown }
export type Input = NodeJS.ReadableStream & {
  readonly isTTY?: boolean | undefined
  setRawMode?(raw: boolean): unknown
}
export type Terminal = { readonly stdin: Input; readonly stdout: Output; readonly stderr: Output }

const mostBytes = 1024 * 1024

/** All of standard input, without the line break at its end. */
export const readInput = async ({ stdin }: Terminal): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > mostBytes) throw new Refusal('Standard input is longer than a mebibyte; that is not what was asked for.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** Asks for one line after each label, without showing what is typed. The questions go to standard error. */
export const askHidden = ({ stdin, stderr }: Terminal, labels: readonly string[]): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    const lines: string[] = []
    let typed = ''
    const leave = () => {
      stdin.off('data', hear)
      stdin.off('end', abandon)
      stdin.setRawMode?.(false)
      stdin.pause()
      stderr.write('\n')
    }
    const abandon = () => {
      leave()
      reject(new Refusal('Interrupted; nothing was changed.'))
    }
    const enter = (): boolean => {
      lines.push(typed)
      typed = ''
      if (lines.length === labels.length) {
        leave()
        resolve(lines)
        return true
      }
      stderr.write(`\n${labels[lines.length]}`)
      return false
    }
    const hear = (chunk: Buffer | string) => {
      for (const character of typeof chunk === 'string' ? chunk : decoder.write(chunk)) {
        // In raw mode Ctrl-C and Ctrl-D are characters like any other.
        if (character === '\u0003' || character === '\u0004') return abandon()
        if (character === '\r' || character === '\n') {
          if (enter()) return
        } else if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('')
        else typed += character
      }
    }
    stderr.write(labels[0] ?? '')
    stdin.setRawMode?.(true)
    stdin.on('data', hear)
    stdin.on('end', abandon)
    stdin.resume()
  })
