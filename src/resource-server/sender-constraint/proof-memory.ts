import { remembered } from './proof.ts'

/** Which proofs were used (RFC 9449 §11.1). Replicas of one API share one, or a proof counts once at each. */
export type ProofStore = {
  /**
   * Atomic: of two that come at once, one is the first.
   * @param id of a proof, always of one length
   * @param until when it may be forgotten; nobody takes the proof after that
   * @returns whether it was not there before
   */
  first(id: string, until: Date): boolean | Promise<boolean>
}

/**
 * In this process. Two generations, of which the older is dropped whole: nothing is swept.
 * @param most proofs in one generation; when it is full none passes any more, as none could be told from a replay
 */
export const createProofMemory = (seconds: () => number, most = 500_000): ProofStore => {
  let young = new Set<string>()
  let old = new Set<string>()
  let began = seconds()
  return {
    first(id) {
      const now = seconds()
      if (now >= began + remembered) {
        old = now < began + 2 * remembered ? young : new Set()
        young = new Set()
        began = now
      }
      if (young.has(id) || old.has(id)) return false
      if (young.size >= most)
        throw new ProofsFull(`${most} proofs were used within ${remembered} s: a larger store is needed`)
      young.add(id)
      return true
    },
  }
}

export class ProofsFull extends Error {
  override readonly name = 'ProofsFull'
}
