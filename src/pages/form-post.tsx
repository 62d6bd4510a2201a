import { framed } from './document.tsx'
import { Hidden, type Pairs } from './form.tsx'
import { type Presentation, texts } from './language.ts'

export type FormPost = {
  readonly app: string
  /** The registered one: the page sends everything there. */
  readonly redirectUri: string
  readonly parameters: Pairs
}

/**
 * OAuth 2.0 Form Post Response Mode §2. The button is for browsers without script.
 * A form sends every line break as CR LF (HTML §4.10.21.4), so a lone one in `state` cannot come back as it was.
 */
export const formPostPage = (data: FormPost, presentation: Presentation): string => {
  const t = texts[presentation.language]
  return framed(
    {
      title: t.formPost.title,
      app: data.app,
      children: (
        <>
          <h1>{t.formPost.title}</h1>
          <p>{t.formPost.text(data.app)}</p>
          <form id="form-post" method="post" action={data.redirectUri}>
            <Hidden fields={data.parameters} />
            <div class="buttons">
              <button class="primary" type="submit">
                {t.formPost.submit}
              </button>
            </div>
          </form>
          {presentation.nonce && <script nonce={presentation.nonce}>document.forms[0].submit()</script>}
        </>
      ),
    },
    presentation,
  )
}
