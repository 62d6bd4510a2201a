import { type Asset, fingerprinted } from './asset.ts'
import { customProperties, dark, light } from './colours.ts'

const css = `
:root{color-scheme:light dark;${customProperties(light)}}
@media (prefers-color-scheme:dark){:root{${customProperties(dark)}}}
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;background:var(--paper);color:var(--text);
font:1rem/1.5 system-ui,"Apple SD Gothic Neo","Noto Sans KR",sans-serif;font-variant-numeric:tabular-nums;
overflow-wrap:break-word}
:lang(ko){word-break:keep-all;overflow-wrap:anywhere}
h1,h2,h3,p,ul,dl,dd,pre,table,figure{margin:0}
h1{font-size:1.5625rem;line-height:1.25;font-weight:650}
h2,h3{font-size:1rem;line-height:1.5;font-weight:650}
.roomy h2{font-size:1.25rem;line-height:1.4}
.unseen{position:absolute;width:1px!important;height:1px;min-height:0!important;padding:0!important;border:0!important;overflow:hidden;clip-path:inset(50%)}
a{color:var(--accent);text-underline-offset:.2em}
code,kbd,samp,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:1em;word-break:normal;
overflow-wrap:anywhere}
pre{white-space:pre-wrap;padding:12px;border:1px solid var(--border);border-radius:8px;background:var(--paper)}
mark{background:none;color:var(--danger);font-weight:650;text-decoration:underline;text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}

header,main{width:100%;max-width:24rem;margin-inline:auto}
header{display:flex;align-items:center;gap:12px;padding:40px 24px 16px;font-weight:650;color:var(--text)}
header svg,header img{flex:none;width:32px;height:32px}
header svg{color:var(--accent)}
header img{border-radius:8px;object-fit:contain}
header span{min-width:0;overflow-wrap:anywhere}
main{display:grid;gap:24px;grid-template-columns:minmax(0,1fr);padding:24px;margin-bottom:40px;background:var(--card);
border:1px solid transparent;border-radius:12px;box-shadow:0 0 0 1px color-mix(in srgb,var(--border) 35%,transparent)}
.wide header,.wide main{max-width:44rem}
nav{min-width:0}
nav ul{display:flex;flex-wrap:wrap;gap:4px;margin:0;padding:0 12px 12px;list-style:none}
nav a{display:flex;align-items:center;min-height:44px;padding:8px 12px;border-radius:8px;color:var(--text);text-decoration:none}
nav a:hover{text-decoration:underline;text-underline-offset:.2em}
nav a[aria-current]{color:var(--accent);font-weight:650;box-shadow:inset 0 -3px var(--accent);border-radius:8px 8px 0 0}
.roomy header,.beside{width:100%;max-width:72rem;margin-inline:auto}
.roomy main{max-width:none;gap:40px}
.roomy .narrow{width:100%;max-width:24rem}
@media (max-width:60rem){.roomy main{border-radius:0;border-inline:0;margin-bottom:0}}
@media (min-width:60rem){
.beside{display:grid;grid-template-columns:12rem minmax(0,1fr);gap:24px;align-items:start;padding-inline:24px}
.beside main{margin-bottom:40px}
nav ul{flex-direction:column;padding:0}
nav a[aria-current]{background:var(--card);border-radius:8px;box-shadow:inset 3px 0 var(--accent)}
}
@media (max-width:32rem){
header{padding:24px 24px 16px}
main{border-radius:0;border-inline:0;margin-bottom:0}
}
section,form,.stack{display:grid;gap:16px;grid-template-columns:minmax(0,1fr)}
section>h2+*,.tight{margin-top:-8px}
.muted{color:var(--muted)}

.field{display:grid;gap:4px}
label{font-weight:650}
input:not([type=hidden]){width:100%;min-height:44px;padding:8px 12px;font:inherit;color:inherit;
background:var(--card);border:1px solid var(--border);border-radius:8px}
input[readonly]{background:var(--paper);color:var(--muted)}
input[aria-invalid=true]{border-color:var(--danger);border-width:2px}
input.code:not([type=hidden]){font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.1em;text-transform:uppercase}
.buttons{display:grid;gap:8px;grid-template-columns:minmax(0,1fr);margin-top:8px}
button,.button{display:inline-flex;max-width:100%;min-width:0;overflow-wrap:anywhere;
align-items:center;justify-content:center;min-height:44px;padding:8px 16px;
font:inherit;font-weight:650;text-align:center;text-decoration:none;cursor:pointer;border-radius:8px;
border:1px solid var(--border);background:transparent;color:var(--text)}
.primary{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.quiet{border-color:transparent;color:var(--accent);text-decoration:underline;text-underline-offset:.2em}
button:hover,.button:hover{text-decoration:underline;text-underline-offset:.2em}
.row{display:flex;flex-wrap:wrap;gap:8px}
.row>*{flex:1 1 auto}
[role=status]{padding:12px 16px;border:1px solid var(--border);border-inline-start:4px solid var(--accent);border-radius:8px}
.notice{padding:16px;border:1px solid var(--danger);border-inline-start-width:4px;border-radius:8px}
[role=alert]{padding:12px 16px;border:1px solid var(--danger);border-inline-start-width:4px;border-radius:8px;
color:var(--danger)}

.list{padding:0;list-style:none;display:grid;gap:12px}
.list li{padding-inline-start:16px;border-inline-start:3px solid var(--accent)}
.list small{display:block;font-size:1rem;color:var(--muted)}
.new{display:inline-block;margin-inline-start:4px;padding:0 8px;border:1px solid var(--accent);border-radius:999px;
color:var(--accent);font-weight:650}
.links{display:flex;flex-wrap:wrap;gap:4px 24px}
.links a{display:inline-flex;align-items:center;min-height:44px}
dl{display:grid;gap:4px 16px;grid-template-columns:minmax(0,auto) minmax(0,1fr)}
dt{color:var(--muted)}
dd{overflow-wrap:anywhere}

table{width:100%;border-collapse:collapse;text-align:start}
caption{text-align:start;font-weight:650;padding-bottom:8px}
th,td{padding:8px 16px 8px 0;text-align:start;vertical-align:top;border-top:1px solid var(--border);
overflow-wrap:anywhere}
th,th code{font-weight:650;overflow-wrap:break-word}
tbody th{min-width:6.5rem}
td ul{padding:0;list-style:none}
td .muted,th .muted{display:block;font-weight:400}
td form{display:block}
td button,.address{white-space:nowrap}
.acts{display:flex;flex-wrap:wrap;align-items:center;gap:4px 16px}
.acts a,.acts button{min-height:44px}
.acts a{display:inline-flex;align-items:center}
.danger{border-color:var(--danger);color:var(--danger)}
@media (max-width:40rem){
table,caption,tbody,tr,th,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:8px 0;border-top:1px solid var(--border)}
th,td{padding:2px 0;border:0}
td[data-label]::before{content:attr(data-label);display:block;color:var(--muted)}
}
.copy{justify-self:start}
#error-developer{margin-top:16px;padding-top:24px;border-top:1px solid var(--border)}
@media (min-width:32rem){.wide .button{justify-self:start}}
footer{color:var(--muted)}
.picture{overflow-x:auto;border:1px solid var(--border);border-radius:8px;background:var(--paper);padding:8px}
.picture svg{display:block;font:inherit}
.picture text{fill:var(--text);text-anchor:middle}
.picture text.faint{fill:var(--muted)}
.picture text.start{text-anchor:start}
.picture text.end{text-anchor:end}
.picture text.badink,.picture .bad text{fill:var(--danger)}
.picture path{fill:none;stroke:var(--accent);stroke-width:2}
.picture .tile-full{fill:var(--accent)}
.picture .tile-half{fill:var(--card)}
.picture .retry{stroke-dasharray:4 4}
.picture .bad path,.picture .fork,.picture .tile-broken path{stroke:var(--danger)}
.picture .over path{stroke:var(--muted)}
.bad-row,.bad-row th{color:var(--danger)}
@media (prefers-reduced-motion:reduce){*,::before,::after{animation:none!important;transition:none!important}}
@media (forced-colors:active){main,[role=alert],.new{border-color:CanvasText}.primary{border-width:2px}}
@media print{body,main{background:none;color:#000}header,main{max-width:none}button,.button{display:none}}
`

export const stylesheet: Asset = fingerprinted('tessera', 'css', 'text/css; charset=utf-8', css.trimStart())
