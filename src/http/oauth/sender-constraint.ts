import type { X509Certificate } from 'node:crypto'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import type { MutualTls } from '../../oauth/sender-constraint/mutual-tls.ts'
import { createNonces } from '../../oauth/sender-constraint/nonce.ts'
import type { ReplayStore } from '../../oauth/stores.ts'
import { type CertificateOf, createCertificateOf } from '../client-certificate.ts'
import { createSenderDoor, type SenderDoor } from './sender-door.ts'
import { createHolderCheck, type HolderCheck } from './shown-token.ts'

/** What the process was told of proofs and certificates. @property mutualTls undefined: no certificate is ever looked at */
export type SenderConstraintSettings = {
  readonly dpopNonce: 'optional' | 'required'
  readonly mutualTls:
    | {
        readonly url: string | undefined
        readonly proxies: readonly string[]
        readonly authorities: readonly X509Certificate[]
      }
    | undefined
}

export type SenderConstraint = {
  readonly certificateOf: CertificateOf
  /** For endpoints that issue. */
  readonly senders: SenderDoor
  /** For endpoints that honour what was issued. */
  readonly holderCheck: HolderCheck
  /** For the metadata. */
  readonly mutualTls: MutualTls | undefined
}

export const createSenderConstraint = (
  { dpopNonce, mutualTls }: SenderConstraintSettings,
  deps: {
    readonly issuer: string
    readonly secrets: readonly [Buffer, ...Buffer[]]
    readonly replays: ReplayStore
    readonly verifyAccessToken: TokenDependencies['verifyAccessToken']
  },
): SenderConstraint => {
  const { issuer, replays, secrets, verifyAccessToken } = deps
  const certificateOf = mutualTls ? createCertificateOf(mutualTls) : () => undefined
  const nonces = createNonces(secrets, dpopNonce === 'required')
  const senderDependencies = { issuer, mutualTlsUrl: mutualTls?.url, nonces, replays, certificateOf }
  return {
    certificateOf,
    senders: createSenderDoor(senderDependencies),
    holderCheck: createHolderCheck(senderDependencies, verifyAccessToken),
    mutualTls: mutualTls && { url: mutualTls.url, authorities: mutualTls.authorities.length > 0 },
  }
}
