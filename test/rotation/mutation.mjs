/**
 * Loaded before everything else: exchanges one piece of one source text of the server for another, before it is
 * compiled. A piece that is not there, or not once, is an error: then the mutant no longer means what it says.
 */
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) register(import.meta.url, { data: JSON.parse(process.env.MUTATION ?? 'null') })

let mutation
export const initialize = (data) => {
  mutation = data
}

export const load = async (url, context, nextLoad) => {
  if (!mutation || !url.startsWith('file:') || !fileURLToPath(url).endsWith(`/${mutation.file}`))
    return nextLoad(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  const pieces = text.split(mutation.from)
  if (pieces.length !== 2) throw new Error(`${mutation.file} has ${pieces.length - 1} times: ${mutation.from}`)
  return { format: 'module', source: pieces.join(mutation.to), shortCircuit: true }
}
