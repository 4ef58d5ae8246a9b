import { PRODUCT } from '../../product/product.js';

/**
 * Nest's own page has styles in the HTML, which a strict policy refuses; this one has only files. Their addresses are
 * relative, so that it works below any path that a proxy serves the product from.
 */
export const pageWith = (files: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${PRODUCT.name} API</title>
    <link rel="stylesheet" href="${files}/swagger-ui.css">
    <link rel="stylesheet" href="${files}/page.css">
    <link rel="icon" type="image/png" href="${files}/favicon-32x32.png">
  </head>
  <body>
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
`;

/**
 * Swagger UI fills every example of a parameter in, so that a list would be filtered and a change bound to a version
 * that its reader never chose. Here only what is required is filled in; the other examples are told in the description.
 */
export const SCRIPT = `const here = new URL('.', location.href).href.slice(0, -1);

function tellExamples(document) {
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
`;
