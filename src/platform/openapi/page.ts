import { PRODUCT } from '../../product/product.js';

/**
 * Nest's own page has styles in the HTML, which a strict policy refuses; this one has only files. Their addresses are
 * relative, so that it works below any path that a proxy serves the product from.
 */
export const pageWith = (files: string): string => `<!doctype html>
<html lang="en" data-key="${PRODUCT.key}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${PRODUCT.name} API</title>
    <link rel="stylesheet" href="${files}/swagger-ui.css">
    <link rel="stylesheet" href="${files}/page.css">
    <link rel="icon" type="image/png" href="${files}/favicon-32x32.png">
  </head>
  <body>
    <div class="session-bar" id="session-bar" hidden>
      <span role="status">You are signed in to the console in this browser.</span>
      <button type="button">Use that session here</button>
    </div>
    <div id="swagger-ui"></div>
    <script src="${files}/swagger-ui-bundle.js"></script>
    <script src="${files}/page.js"></script>
  </body>
</html>
`;

/** Room for what is read: no list of servers where there is one, no column of links where there is none. */
export const STYLE = `.swagger-ui .info { margin: 24px 0; }
.swagger-ui .scheme-container { margin: 0; padding: 0 0 12px; box-shadow: none; }
.swagger-ui .servers, .swagger-ui .servers-title, .swagger-ui .response-col_links { display: none; }
.swagger-ui .scheme-container .schemes { justify-content: flex-end; }
.swagger-ui .opblock-tag { margin: 0; padding: 8px 16px 8px 8px; }
.swagger-ui .opblock-description-wrapper { padding: 12px 20px; }
.swagger-ui .opblock-description-wrapper p, .swagger-ui .response-col_description p { margin: 0 0 4px; }
.swagger-ui textarea.body-param__text { min-height: 180px; }
.session-bar { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: center; padding: 10px 16px; background: #ecebfb; color: #16181f; font: 14px/1.5 sans-serif; }
.session-bar[hidden] { display: none; }
.session-bar button { padding: 5px 14px; border: 1px solid #4a45c4; border-radius: 7px; background: #4a45c4; color: #fff; font: inherit; cursor: pointer; }
.dark-mode .session-bar { background: #252450; color: #eceef2; }
.swagger-ui .info .title small { background: #5b6270; }
.swagger-ui .info .title small.version-stamp { background: #4a7500; }
html:not(.dark-mode) .swagger-ui .info .url, html:not(.dark-mode) .swagger-ui .info a { color: #1c63b5; }
html:not(.dark-mode) .swagger-ui .btn.authorize { border-color: #1a7a4a; color: #1a7a4a; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #1b7a4f; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1f66b5; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #9a5500; }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0e6f60; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #c02626; }
`;

/**
 * Swagger UI fills every example of a parameter in, so that a list would be filtered and a change bound to a version
 * that its reader never chose. Here only what is required is filled in; the other examples are told in the description.
 */
export const SCRIPT = `const here = new URL('.', location.href).href.slice(0, -1);

const dark = matchMedia('(prefers-color-scheme: dark)');
const showColours = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
showColours();
dark.addEventListener('change', showColours);

/** A code of a second factor is asked for when it is needed: an example that has one makes no sense to most. */
function exampleWithoutOtp({ properties, required = [] }) {
  if (!properties?.otp || required.includes('otp')) return undefined;
  const others = Object.entries(properties).filter(([name]) => name !== 'otp');
  return Object.fromEntries(others.map(([name, { example }]) => [name, example]));
}

function tellExamples(document) {
  for (const schema of Object.values(document.components?.schemas ?? {})) {
    const example = exampleWithoutOtp(schema);
    if (example) schema.example = example;
  }
  // Where this page was loaded from, whatever stands in front of the server.
  document.servers = [{ url: here }];
  for (const item of Object.values(document.paths)) {
    for (const { parameters = [] } of Object.values(item)) {
      for (const parameter of parameters.filter(({ required }) => !required)) {
        const { example, ...schema } = parameter.schema;
        if (example === undefined || schema.default !== undefined) continue;
        parameter.schema = schema;
        parameter.description += ' Example: \`' + example + '\`.';
      }
    }
  }
  return document;
}

const version = new URLSearchParams(location.search).get('version');

window.ui = SwaggerUIBundle({
  url: version ? 'docs/v' + encodeURIComponent(version) + '/json' : 'docs/json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  filter: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  plugins: [
    () => ({
      statePlugins: {
        spec: { wrapActions: { updateJsonSpec: (update) => (document) => update(tellExamples(document)) } },
      },
    }),
  ],
});

/** The console's pages hand their token on, as session.js tells; where none is open, its cookie gives a new one. */
async function sessionToken(key) {
  const channel = new BroadcastChannel(key + '.session');
  const asked = new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.kind === 'session' && resolve(data.session.accessToken);
    setTimeout(resolve, 300);
  });
  channel.postMessage({ kind: 'question' });
  const shared = await asked;
  channel.close();
  if (shared) return shared;
  const renew = () => fetch('console/session/refresh', { method: 'POST' });
  const answer = await (navigator.locks ? navigator.locks.request(key + '.session', renew) : renew());
  return answer.ok ? (await answer.json()).data.accessToken : undefined;
}

const { key } = document.documentElement.dataset;
const bar = document.getElementById('session-bar');
const label = bar.querySelector('span');
const button = bar.querySelector('button');
try {
  bar.hidden = !localStorage.getItem(key + '.session');
} catch {
  // A browser that keeps nothing for the product has no session either.
}
button.addEventListener('click', async () => {
  const token = await sessionToken(key).catch(() => undefined);
  label.textContent = token
    ? 'Requests from this page are sent as you, until it is reloaded.'
    : 'That session has ended. Sign in to the console again.';
  button.hidden = Boolean(token);
  if (token) window.ui.preauthorizeApiKey('bearer', token);
});
`;
