import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../../oauth/client.ts'
import { confirmationOfCertificate } from '../../oauth/sender-constraint/certificate.ts'
import type { Confirmation } from '../../oauth/sender-constraint/confirmation.ts'
import { checkProof, type Proof, type ProvenRequest, spendProof } from '../../oauth/sender-constraint/dpop.ts'
import { type Sender, senderOf } from '../../oauth/sender-constraint/index.ts'
import type { Nonces } from '../../oauth/sender-constraint/nonce.ts'
import type { ReplayStore } from '../../oauth/stores.ts'
import { basePathOf } from '../base-path.ts'
import type { CertificateOf } from '../client-certificate.ts'
import { valuesOf } from '../header.ts'

export type SenderDependencies = {
  readonly issuer: string
  /** Where certificates are asked for, in place of the issuer. */
  readonly mutualTlsUrl: string | undefined
  readonly nonces: Nonces
  readonly replays: ReplayStore
  readonly certificateOf: CertificateOf
}

/** Where it is proven who sends a request, the same at each endpoint: RFC 9449, RFC 8705 §3. */
export type SenderDoor = {
  /**
   * The proof that came with a request, checked and not yet spent. Before the client authenticates: whoever is sent back for
   * a nonce (RFC 9449 §8) can come again with the same assertion. Each answer to a proof carries a nonce.
   * @throws OAuthError `invalid_dpop_proof`, `use_dpop_nonce`
   */
  proof(request: FastifyRequest, reply: FastifyReply, now: Date): Promise<Proof | undefined>
  /** Spends it. @returns the thumbprint of its key, for a pushed request: RFC 9449 §10.1 */
  keyOf(proof: Proof | undefined, now: Date): Promise<string | undefined>
  /** Spends it. @returns what the tokens of this request are bound to */
  senderOf(request: FastifyRequest, client: Client, proof: Proof | undefined, now: Date): Promise<Sender>
}

export const createSenderDoor = (deps: SenderDependencies): SenderDoor => {
  const requestOf = createProvenRequest(deps)
  const keyOf: SenderDoor['keyOf'] = async (proof, now) => {
    if (proof) await spendProof(proof, deps.replays, now)
    return proof?.jkt
  }
  return {
    async proof(request, reply, now) {
      const proven = requestOf(request)
      offerNonce(proven, reply, deps.nonces, now)
      return checkProof(proven, { nonces: deps.nonces, now })
    },
    keyOf,
    async senderOf(request, client, proof, now) {
      // Nobody else's certificate is looked at.
      const certificate = client.tls_client_certificate_bound_access_tokens ? shownBy(request, deps) : undefined
      const sender = senderOf(client, { proof, certificate })
      await keyOf(proof, now)
      return sender
    },
  }
}

/** RFC 9449 §8.2: also with an answer that is no error. */
export const offerNonce = ({ proofs }: ProvenRequest, reply: FastifyReply, nonces: Nonces, now: Date): void => {
  if (proofs.length > 0) reply.header('dpop-nonce', nonces.next(now))
}

export const shownBy = (
  request: FastifyRequest,
  { certificateOf }: Pick<SenderDependencies, 'certificateOf'>,
): Confirmation | undefined => {
  const sent = certificateOf(request)
  return sent && confirmationOfCertificate(sent.certificate)
}

/** The address is the issuer's, never that of the Host header. */
export const createProvenRequest = ({
  issuer,
  mutualTlsUrl,
}: Pick<SenderDependencies, 'issuer' | 'mutualTlsUrl'>): ((request: FastifyRequest) => ProvenRequest) => {
  const { origin } = new URL(issuer)
  const base = basePathOf(issuer)
  return ({ raw, method, url }) => {
    const [path = ''] = url.split('?')
    const beside = mutualTlsUrl === undefined ? [] : [mutualTlsUrl + path.slice(base.length)]
    return { proofs: valuesOf(raw.rawHeaders, 'dpop'), method, urls: [origin + path, ...beside] }
  }
}
