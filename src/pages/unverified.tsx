import { destination } from './link.ts'

/** @property redirectUri where the answer goes; a device is answered nowhere */
export type UnverifiedShown = { readonly redirectUri?: string | undefined }

/** S6: an app that registered itself says what it likes of itself; where it is answered, it cannot choose to hide. */
export const Unverified = ({
  id,
  redirectUri,
  words,
  answeredAt,
}: UnverifiedShown & {
  readonly id: string
  readonly words: string
  readonly answeredAt: (place: string) => string
}) => {
  const to = redirectUri === undefined ? undefined : destination(redirectUri)
  return (
    <div class="notice" id={id} role="note">
      <p>
        <strong>{words}</strong>
      </p>
      {to && <p>{answeredAt(to.is === 'app' ? `${to.scheme}:` : to.host)}</p>}
    </div>
  )
}
