import { importsIn } from '../specification/imported.ts';

const PLATFORM = '../../platform';

/** Where the code of abilities has its names from; types are marked. */
export const ABILITY_IMPORTS = importsIn({
  [`${PLATFORM}/bulk/batch.dto.js`]: 'AnswersBatch BatchOf type:BatchResult',
  [`${PLATFORM}/bulk/batches.js`]: 'BATCH_MS Batches',
  [`${PLATFORM}/bulk/export.dto.js`]: 'AnswersExport ExportOf',
  [`${PLATFORM}/bulk/exporter.js`]: 'Exporter',
  [`${PLATFORM}/imports/import-executor.js`]: 'AnswersImport IMPORTED ImportExecutor',
  [`${PLATFORM}/imports/import.dto.js`]: 'ImportQuery type:ImportDto type:ImportResult',
  [`${PLATFORM}/imports/imports.js`]: 'Imports',
  [`${PLATFORM}/executions/execution.dto.js`]: 'type:ExecutionDto',
  [`${PLATFORM}/executions/run.js`]: 'type:Run',
  '@nestjs/common': 'RawBody Req Res',
  fastify: 'type:FastifyReply type:FastifyRequest',
  [`${PLATFORM}/database/transactions.js`]: 'type:Transaction',
  [`${PLATFORM}/http/deadline.js`]: 'Deadline',
  [`${PLATFORM}/trash/trash.dto.js`]: 'RemoveQuery',
  [`${PLATFORM}/trash/trash-records.js`]: 'type:TrashRecords',
});
