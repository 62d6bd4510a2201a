/** Tokens that are bound to a key of their client, and how it proves that it holds the key. */
import type { Token } from '../access-token.ts'
import { createAsking } from '../callbacks.ts'
import { headersOf, type Presented } from '../credentials.ts'
import { isObject } from '../exchange.ts'
import type { Settings } from '../options.ts'
import { Broken } from '../refusal.ts'
import { certificateIn } from './certificate.ts'
import { createNonces } from './nonce.ts'
import { type Proof, readProof } from './proof.ts'
import { createProofKeys } from './proof-keys.ts'
import { createProofMemory } from './proof-memory.ts'
import { targetOf } from './target.ts'

/** @throws Broken unless whoever presented the token is who it was issued to */
export type SenderConstraint = (token: Token, presented: Presented) => Promise<void>

const unbound = (reason: string) => new Broken('invalid_token', 'cnf', reason)

export const createSenderConstraint = (settings: Settings): SenderConstraint => {
  const { seconds, publicUrl, nonceSecret, onTrouble, proofs = createProofMemory(seconds) } = settings
  const askProofs = createAsking({ about: 'proofs', rule: 'proof_replayed', onTrouble })
  const askCertificate = createAsking({ about: 'certificate', rule: 'certificate', onTrouble })
  const keys = createProofKeys()
  const nonces = nonceSecret === undefined ? undefined : createNonces(nonceSecret, seconds)

  const proofOf = async ({ token, request }: Presented, publicUrl: string): Promise<Proof> => {
    const target = request && targetOf(request, publicUrl)
    if (!request || target === undefined || request.method === undefined)
      throw unbound('it is bound to a key (cnf.jkt), so the request is needed: verify({ headers, method, url })')
    // Several headers are joined by a comma where no raw ones are at hand, and a proof holds none.
    const [proof, ...more] = headersOf(request, 'dpop').flatMap((value) => value.split(','))
    const failed = (reason: string) => new Broken('invalid_dpop_proof', 'proof', reason)
    if (proof === undefined) throw failed('there is no DPoP header: send a proof of the key with each request')
    if (more.length > 0) throw failed('there are several DPoP headers')
    return readProof({ proof, method: request.method, target, accessToken: token, now: seconds() }, keys)
  }

  const spend = async ({ nonce, id, until }: Proof): Promise<void> => {
    if (nonces && !nonces.isGood(nonce))
      throw new Broken('use_dpop_nonce', 'nonce', 'the DPoP proof holds no nonce of this guard, or an old one', {
        'dpop-nonce': nonces.next(),
      })
    if (await askProofs(() => proofs.first(id, until))) return
    throw new Broken(
      'invalid_dpop_proof',
      'proof_replayed',
      'the DPoP proof was used before: make one for each request',
    )
  }

  /** RFC 9449 §7.1, §7.2 */
  const checkKey = async (jkt: unknown, presented: Presented): Promise<void> => {
    if (jkt === undefined) {
      if (presented.scheme === 'DPoP') throw unbound('it came with the scheme DPoP and is bound to no key (cnf.jkt)')
      if (settings.dpop === 'required') throw unbound('it is bound to no key (cnf.jkt), and this guard requires DPoP')
      return
    }
    if (publicUrl === undefined)
      throw unbound('it is bound to a key (cnf.jkt), and a proof can be held to this API only where publicUrl is set')
    if (presented.scheme !== 'DPoP')
      throw unbound('it is bound to a key (cnf.jkt): send Authorization: DPoP <token>, and a proof as DPoP')
    const proof = await proofOf(presented, publicUrl)
    if (proof.jkt !== jkt) throw unbound('the DPoP proof is of another key than the one the token is bound to')
    await spend(proof)
  }

  /** RFC 8705 §3 */
  const checkCertificate = async (bound: unknown, { request }: Presented): Promise<void> => {
    if (bound === undefined) return
    const shown = request && (await askCertificate(() => certificateIn(request, settings.certificate)))
    if (shown === undefined)
      throw new Broken(
        'invalid_token',
        'certificate',
        'it is bound to a certificate (cnf x5t#S256), and none is there: listen with requestCert, or set the option certificate',
      )
    if (shown !== bound)
      throw new Broken('invalid_token', 'certificate', 'it is bound to another certificate than the one of the request')
  }

  return async ({ claims: { cnf } }, presented) => {
    const bound = cnf === undefined ? {} : isObject(cnf) ? cnf : { unknown: cnf }
    // A binding that is not understood is not there for whoever ignores it.
    const unknown = Object.keys(bound).filter((name) => name !== 'jkt' && name !== 'x5t#S256')
    if (unknown.length > 0 || (cnf !== undefined && Object.keys(bound).length === 0))
      throw unbound('it is bound in a way (cnf) that this guard does not understand')
    await checkCertificate(bound['x5t#S256'], presented)
    await checkKey(bound.jkt, presented)
  }
}
