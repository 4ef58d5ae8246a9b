/**
 * What each command of package.json does, as `npm run <command> -- --help` tells it. A command is added here and in
 * package.json.
 */
export const COMMANDS = {
  start: {
    does: 'Builds when sources have changed, starts the embedded MongoDB unless MONGODB_URI is set, and serves.',
    example: 'npm start',
  },
  dev: { does: 'Runs the server, and again after each change.', example: 'npm run dev' },
  build: {
    does: 'Compiles src to dist and checks its types.',
    options: { unchecked: { about: 'leave the types to `npm run typecheck`' } },
    example: 'npm run build',
  },
  lint: {
    does: 'Checks the code with oxlint and its format with Prettier. Changes nothing.',
    words: { usage: '[<path>…]', about: 'only these files or folders' },
    example: 'npm run lint -- src/modules/projects',
  },
  format: {
    does: 'Formats with Prettier and mends what oxlint can mend.',
    words: { usage: '[<path>…]', about: 'only these files or folders' },
    example: 'npm run format -- src/modules/projects',
  },
  typecheck: { does: 'Checks the types of sources, tests and generator.', example: 'npm run typecheck' },
  test: {
    does: 'Checks types and format, builds, and runs every test. With a word: builds and runs the tests it names.',
    words: { usage: '[<word>…]', about: 'only tests that have one of these in their path' },
    options: { name: { value: 'text', about: 'only tests that have this in their name' } },
    example: 'npm test -- projects',
  },
  soak: {
    does: 'Runs the tests with the long ones in full and with new seeds: crashes, kills, random inputs. Prints what they did. Takes the better part of an hour.',
    words: { usage: '[<word>…]', about: 'only tests that have one of these in their path' },
    options: { name: { value: 'text', about: 'only tests that have this in their name' } },
    example: 'npm run soak -- crash',
  },
  scorecard: {
    does: 'Tries, in full length, what the product promises when everything else breaks: crashes, full disks, shutdowns. Writes docs/scorecard.md and fails when a line falls short. All lines take hours.',
    words: { usage: '[<line>…]', about: 'only these lines, such as R6' },
    options: { minutes: { value: 'number', about: 'of R13, instead of 30' } },
    example: 'npm run scorecard -- R6 R18',
  },
  openapi: { does: 'Writes openapi.json from the routes and DTOs.', example: 'npm run openapi' },
  configuration: {
    does: 'Writes docs/configuration.md and .env.example from the class Config.',
    options: { check: { about: 'write nothing, and fail when one of them is out of date' } },
    example: 'npm run configuration -- --check',
  },
  mongo: {
    does: 'Prints the connection string of the embedded MongoDB while the server runs. Whoever has the line has the database.',
    example: 'mongosh "$(npm run --silent mongo)"',
  },
  migrate: {
    does: 'Brings the database to the version of the code.',
    words: {
      usage: '[up|status]',
      about: 'up, which is the default, or status: tell how the database stands and change nothing',
      max: 1,
    },
    example: 'npm run migrate -- status',
  },
  'keys:rotate': {
    does: 'Brings all encrypted values under the first key of ENCRYPTION_KEY, while servers run.',
    example: 'npm run keys:rotate',
  },
  bench: {
    does: 'Measures what a request costs here, by hand-written Fastify and by the usual Nest stack. Takes 10 minutes and writes bench/results.md and the chart of the README.',
    options: {
      quick: { about: 'one short round, a minute; writes nothing' },
      smoke: { about: 'a few requests to each server, to see that they run; writes nothing' },
      growth: { about: 'many features, documents and connections instead; writes bench/growth.md' },
      overload: { about: 'more requests than can be answered, and slow clients; with --quick in 2 minutes' },
      executions: {
        about:
          'three steps as executions, by hand, in Agenda and in BullMQ; writes bench/executions.md; with --smoke a few, and writes nothing',
      },
      servers: { value: 'letters', about: 'only these of A, B, C and F; writes nothing' },
    },
    example: 'npm run bench -- --quick --servers=BF',
  },
  product: {
    does: 'Gives the product its name, in src/product/product.ts and what is made of it. What an installation in use relies on stays as it is, and is listed.',
    words: {
      usage: '<name>',
      about: 'what people call it: letters of ASCII, digits, spaces, dots and hyphens',
      min: 1,
      max: 1,
    },
    example: 'npm run product -- Deskhand',
  },
  feature: {
    does: 'Writes a new feature with its tests. docs/adding-a-feature.md lists the types and flags of fields.',
    words: {
      usage: '<plural> <name>:<type>:<flag>…',
      about: 'the name of the feature, then its fields; without fields those of projects',
      min: 1,
      instead: 'from',
    },
    options: {
      from: { value: 'file.yaml', about: 'read all of it from a file' },
      list: {
        value: 'a+b+c',
        multiple: true,
        about:
          'a list that is asked for with values of a and b, in the order of c, also of a feature that is there; may be repeated; a+b+c:all for one of all owners, too',
      },
      add: {
        value: 'audit,webhooks,batch,trash,export',
        multiple: true,
        about:
          'also in a feature that is there: keep who changed what, let other systems be told, change many records at once, keep what is deleted for 30 days, send all of a list as a file',
      },
      shared: { about: 'records belong to nobody, and every user reads them' },
      'dry-run': { about: 'say what would be written, and write nothing' },
    },
    example: 'npm run feature -- invoices number:string:required:unique amount:number:required:min=0',
  },
  field: {
    does: 'Writes further fields of a feature, or lets fields that are there be searched and counted (subject:search status:stats), with a migration where stored records need one. docs/adding-a-feature.md lists the types and flags.',
    words: {
      usage: '<plural> <name>:<type>:<flag>…',
      about: 'the name of the feature, then its fields',
      min: 2,
    },
    options: { 'dry-run': { about: 'say what would be written, and write nothing' } },
    example: 'npm run field -- invoices paidAt:date reference:string:index',
  },
  route: {
    does: 'Writes a command on the records of a feature that is there: POST /invoices/:id/approve, with a permission, an event and tests. What it takes is kept in the record.',
    words: {
      usage: '<plural> <command> <name>:<type>:<flag>…',
      about: 'the feature, a verb, then what the command takes, as fields are written',
      min: 2,
    },
    options: { 'dry-run': { about: 'say what would be written, and write nothing' } },
    example: 'npm run route -- invoices approve approverId:ref:users:required',
  },
  executor: {
    does: 'Writes a durable executor of a feature that is there, with its test: work that outlives its request. See docs/executions.md.',
    words: {
      usage: '<plural> <verb> <name>:<type>:<flag>…',
      about: 'the feature, what it does, then what it is started with, as fields are written',
      min: 2,
    },
    options: {
      route: { about: 'POST /<plural>/:id/<verb> starts it for a record' },
      schedule: { value: 'cron', about: 'it starts by itself at these times, such as "0 3 * * *"' },
      'dry-run': { about: 'say what would be written, and write nothing' },
    },
    example: 'npm run executor -- invoices remind message:string --route',
  },
  state: {
    does: 'Lets an enum of a feature that is there change along these ways only, with tests of every pair. Records begin in its default.',
    words: {
      usage: '<plural> <field> "a>b>c"…',
      about:
        'the feature, its field, then where it goes from a, and from b; in quotes, or with colons: a:b:c',
      min: 3,
    },
    options: { 'dry-run': { about: 'say what would be written, and write nothing' } },
    example: 'npm run state -- invoices status "draft>sent>paid" "sent>draft"',
  },
};
