/** The report's whole style: light and dark, phone and desktop, screen and paper. Contrast is at least 4.5 : 1. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #fff; --ink: #1c1e21; --soft: #5a6068; --line: #d9dbdd; --link: #0b57a4;
  --real: #5b6b7c; --made: #c2570c; --pass: #17663a; --pass-back: #e3f4e9; --fail: #a61b1b; --fail-back: #fde8e8;
  --warn: #7a5200; --warn-back: #fdf1d7; --none: #5a6068; --none-back: #ececec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --card: #1e2125; --ink: #e6e8ea; --soft: #a3abb3; --line: #363b41; --link: #7db8f5;
    --real: #8fa3b8; --made: #f08a3c; --pass: #7ddba0; --pass-back: #14351f; --fail: #ff9a9a; --fail-back: #451a1a;
    --warn: #f0c063; --warn-back: #3c2f10; --none: #a3abb3; --none-back: #2a2e33;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: .9rem; margin: 0 0 .25rem; font-weight: 600; overflow-wrap: anywhere; }
p { margin: .4rem 0; max-width: 65ch; }
a { color: var(--link); }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.small { font-size: .85rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; }
.verdict { border-left: 8px solid var(--none); padding: 1.25rem; }
.verdict.pass { border-left-color: var(--pass); } .verdict.fail { border-left-color: var(--fail); }
.tag { display: inline-block; padding: 0 .5em; border-radius: 4px; font-size: .8rem; font-weight: 600; white-space: nowrap;
  color: var(--none); background: var(--none-back); }
.tag.pass { color: var(--pass); background: var(--pass-back); } .tag.fail, .tag.error { color: var(--fail); background: var(--fail-back); }
.tag.underpowered, .tag.warning { color: var(--warn); background: var(--warn-back); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; margin: 1rem 0 0; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1.25rem; margin: 0; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--soft); font-size: .8rem; white-space: nowrap; } tbody th, tbody th code { overflow-wrap: break-word; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; } figcaption { font-size: .8rem; color: var(--soft); }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--ink); font-family: inherit; } svg .soft { fill: var(--soft); }
.real { fill: var(--real); } .made { fill: var(--made); } .axis { stroke: var(--line); }
.edge { fill: none; stroke: var(--soft); } .edge.broken { stroke-dasharray: 5 4; } .box { fill: var(--card); stroke: var(--soft); } .box.subject { stroke: var(--made); stroke-width: 2; }
.key { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .35em; }
.key.real { background: var(--real); } .key.made { background: var(--made); }
details { margin: .75rem 0; } summary { cursor: pointer; padding: .25rem 0; } summary h3, summary h4 { display: inline; } summary h4 { font-size: 1rem; } section > h3 { margin-top: 1.5rem; }
details.card > summary { padding: 0; } details.card { padding: .75rem 1rem; }
.meta { display: block; color: var(--soft); font-size: .85rem; margin-left: 1.1rem; }
@media (max-width: 40rem) {
  table.stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.stack tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  table.stack th, table.stack td { display: block; border: 0; padding: 0; text-align: left; white-space: normal; }
  table.stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  table.stack td:empty { display: none; }
}
@media print {
  :root { --page: #fff; --card: #fff; }
  body { max-width: none; padding: 0; font-size: 11px; } nav { display: none; } .card, figure, tr { break-inside: avoid; }
  details.card { break-inside: auto; } details::details-content { content-visibility: visible; block-size: auto; }
}
`;
