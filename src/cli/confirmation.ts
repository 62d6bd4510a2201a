import { StringDecoder } from 'node:string_decoder'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

/** Asks a person, on standard error, and takes nothing but `yes` for one. */
export const confirms = ({ stdin, stderr }: Terminal, question: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8')
    let typed = ''
    const leave = () => {
      stdin.off('data', hear)
      stdin.off('end', abandon)
      stdin.pause()
    }
    const abandon = () => {
      leave()
      reject(new Refusal('Interrupted; nothing was changed.'))
    }
    const hear = (chunk: Buffer | string) => {
      typed += typeof chunk === 'string' ? chunk : decoder.write(chunk)
      if (!typed.includes('\n') && typed.length < 1000) return
      leave()
      resolve(typed.trim().toLowerCase() === 'yes')
    }
    stderr.write(`${question} Type yes to go on: `)
    stdin.on('data', hear)
    stdin.on('end', abandon)
    stdin.resume()
  })
