/**
 * What each command of package.json does, as `npm run <command> -- --help` tells it. A command is added here and in
 * package.json.
 */
export const COMMANDS = {
  start: {
    does: 'Builds when sources have changed, starts the embedded MongoDB unless MONGODB_URI is set, and serves.',
    example: 'npm start',
  },
  dev: { does: 'Runs the server, and restarts it after each change.', example: 'npm run dev' },
  build: {
    does: 'Compiles src to dist and checks its types.',
    options: { unchecked: { about: 'skip type checks; `npm run typecheck` does them' } },
    example: 'npm run build',
  },
  lint: {
    does: 'Checks the code with oxlint and its format with oxfmt. Changes nothing.',
    words: { usage: '[<path>…]', about: 'only these files or folders' },
    example: 'npm run lint -- src/modules/projects',
  },
  format: {
    does: 'Formats with oxfmt and fixes what oxlint can fix.',
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
    does: 'Runs the tests, with the long ones (crashes, kills, random inputs) in full and with new seeds, and prints what they did. Takes most of an hour.',
    words: { usage: '[<word>…]', about: 'only tests that have one of these in their path' },
    options: { name: { value: 'text', about: 'only tests that have this in their name' } },
    example: 'npm run soak -- crash',
  },
  scorecard: {
    does: 'Tests in full length what the product promises under failures: crashes, full disks, shutdowns. Writes docs/scorecard.md, and fails if a line is not met. All lines together take hours.',
    words: { usage: '[<line>…]', about: 'only these lines, such as R6' },
    options: { minutes: { value: 'number', about: 'duration of R13, instead of 30' } },
    example: 'npm run scorecard -- R6 R18',
  },
  openapi: { does: 'Writes openapi.json from the routes and DTOs.', example: 'npm run openapi' },
  configuration: {
    does: 'Writes docs/configuration.md and .env.example from the classes in *.config.ts.',
    options: { check: { about: 'write nothing, and fail if one of them is out of date' } },
    example: 'npm run configuration -- --check',
  },
  mongo: {
    does: 'Prints the connection string of the embedded MongoDB while the server runs. Anyone who has it can access the database.',
    example: 'mongosh "$(npm run --silent mongo)"',
  },
  migrate: {
    does: 'Migrates the database to the version of the code.',
    words: {
      usage: '[up|status]',
      about: 'up, which is the default, or status: show the state of the database and change nothing',
      max: 1,
    },
    example: 'npm run migrate -- status',
  },
  'keys:rotate': {
    does: 'Re-encrypts all values with the first key of ENCRYPTION_KEY, while servers run.',
    example: 'npm run keys:rotate',
  },
  bench: {
    does: 'Compares the cost of a request here, with hand-written Fastify and with the usual Nest stack. Takes 10 minutes and writes bench/results.md and the chart of the README.',
    options: {
      quick: { about: 'one short round, a minute; writes nothing' },
      smoke: { about: 'a few requests to each server, to check that they run; writes nothing' },
      growth: { about: 'many features, documents and connections instead; writes bench/growth.md' },
      overload: { about: 'more requests than can be answered, and slow clients; with --quick in 2 minutes' },
      executions: {
        about:
          'executions compared with other queues, over HTTP, and with many of them; writes bench/executions.md; with --smoke only a few, and writes nothing',
      },
      servers: { value: 'letters', about: 'only these of A, B, C and F; writes nothing' },
    },
    example: 'npm run bench -- --quick --servers=BF',
  },
  product: {
    does: 'Sets the name of the product in src/product/product.ts and the files that derive from it. Names that existing installations depend on stay the same, and are listed.',
    words: {
      usage: '<name>',
      about: 'what people call it: letters of ASCII, digits, spaces, dots and hyphens',
      min: 1,
      max: 1,
    },
    example: 'npm run product -- Deskhand',
  },
  feature: {
    does: 'Writes a new feature with its tests, extends an existing one, or removes it. docs/adding-a-feature.md lists the types and flags of fields.',
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
          'a list filtered by a and b and sorted by c, also for an existing feature; may be repeated; a+b+c:all also serves the records of all owners',
      },
      add: {
        value: 'audit,webhooks,batch,trash,export,import',
        multiple: true,
        about:
          'also for an existing feature: record who changed what, notify other systems, change many records at once, keep deleted records for 30 days, send a whole list as a file, create records from the rows of a file',
      },
      shared: { about: 'records have no owner, and every user can read them' },
      remove: { about: 'remove an existing feature: its folder, its tests, its line in app.module.ts' },
      drop: { about: 'with --remove, or after it: a migration deletes the stored records' },
      force: { about: 'with --remove: also files that have been edited' },
      'dry-run': { about: 'print what would be written, and write nothing' },
    },
    example: 'npm run feature -- invoices number:string:required:unique amount:number:required:min=0',
  },
  field: {
    does: 'Adds fields to a feature, removes or renames some, or makes existing fields searchable or countable (subject:search status:stats), with a migration if stored records need one. docs/adding-a-feature.md lists the types and flags.',
    words: {
      usage: '<plural> <name>:<type>:<flag>…',
      about:
        'the name of the feature, then its fields; with --remove their names, with --rename both names: dueAt:payBy, or "dueAt>payBy" in quotes because of the shell',
      min: 2,
    },
    options: {
      remove: { about: 'remove existing fields, with their lists and indexes' },
      rename: {
        about:
          'rename fields in the code and, by a migration, in stored records; stop the previous version first',
      },
      drop: { about: 'with --remove, or after it: a migration deletes their stored values' },
      force: { about: 'with --remove or --rename: also files that have been edited' },
      'dry-run': { about: 'print what would be written, and write nothing' },
    },
    example: 'npm run field -- invoices paidAt:date reference:string:index',
  },
  route: {
    does: 'Writes a command on the records of an existing feature: POST /invoices/:id/approve, with a permission, an event and tests. Its input is stored in the record.',
    words: {
      usage: '<plural> <command> <name>:<type>:<flag>…',
      about: 'the feature, a verb, then the input of the command, written like fields',
      min: 2,
    },
    options: {
      to: {
        value: 'field=state',
        multiple: true,
        about:
          'take the record to this state, by a transition that `npm run state` has declared; may be repeated for further fields',
      },
      'dry-run': { about: 'print what would be written, and write nothing' },
    },
    example: 'npm run route -- invoices approve approverId:ref:users:required',
  },
  executor: {
    does: 'Writes a durable executor for an existing feature, with its test: work that outlives its request. See docs/executions.md.',
    words: {
      usage: '<plural> <verb> <name>:<type>:<flag>…',
      about: 'the feature, a verb, then the input of the executor, written like fields',
      min: 2,
    },
    options: {
      route: { about: 'POST /<plural>/:id/<verb> starts it for a record' },
      schedule: { value: 'cron', about: 'run it at these times, such as "0 3 * * *"' },
      'dry-run': { about: 'print what would be written, and write nothing' },
    },
    example: 'npm run executor -- invoices remind message:string --route',
  },
  state: {
    does: 'Restricts an enum of an existing feature to these transitions, with tests of every pair. Records begin in its default.',
    words: {
      usage: '<plural> <field> "a>b>c"…',
      about:
        'the feature, its field, then the transitions from a, and from b; in quotes, or with colons: a:b:c',
      min: 3,
    },
    options: { 'dry-run': { about: 'print what would be written, and write nothing' } },
    example: 'npm run state -- invoices status "draft>sent>paid" "sent>draft"',
  },
};
