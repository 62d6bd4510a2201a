import type { ComponentChildren } from 'preact'
import { framed } from '../document.tsx'
import { Hidden, shownTo } from '../form.tsx'
import { type Presentation, texts } from '../language.ts'
import { accountTexts } from '../texts/account.ts'

/** What every page of a person's account needs: where it is mounted, and what its forms carry. */
export type AccountFrame = {
  /** The issuer's own path. */
  readonly base: string
  readonly csrf: string
  readonly person: { readonly userId: string; readonly username: string }
}

const places = [
  ['account', '/account'],
  ['password', '/account/password'],
  ['ended', '/account/ended'],
] as const

export type Place = (typeof places)[number][0]

export const accountFrame = (
  { base, place, children }: { readonly base: string; readonly place: Place; readonly children: ComponentChildren },
  presentation: Presentation,
): string => {
  const words = accountTexts[presentation.language]
  const { account } = texts[presentation.language]
  return framed(
    {
      title: place === 'account' ? account : words.places[place],
      places: (
        <nav aria-label={account}>
          <ul>
            {places.map(([name, path]) => (
              <li key={name}>
                <a href={base + path} {...(name === place && { 'aria-current': 'page' })}>
                  {words.places[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      ),
      children,
    },
    presentation,
  )
}

/** One button that does one thing, to one thing. */
export const Act = ({
  frame,
  id,
  to,
  of,
  label,
  says,
  kind,
}: {
  readonly frame: AccountFrame
  readonly id: string
  readonly to: string
  readonly of?: readonly [name: string, value: string] | undefined
  readonly label: string
  /** Where the label alone does not say to what. */
  readonly says?: string | undefined
  readonly kind?: 'primary' | 'danger' | undefined
}) => (
  <form id={id} method="post" action={`${frame.base}/account/${to}`}>
    <Hidden fields={[['csrf', frame.csrf], ...shownTo(frame.person), ...(of ? [of] : [])]} />
    <button id={`${id}-submit`} type="submit" class={kind} aria-label={says}>
      {label}
    </button>
  </form>
)
