/* Words of which titles and descriptions are made: as varied as real ones, and the same in every run. */

export const VERBS =
  'Draft,Review,Fix,Ship,Measure,Plan,Rename,Translate,Test,Document,Migrate,Remove,Compare,Invite'.split(',');

export const THINGS = (
  'the invoice page,the onboarding mail,a slow report,the export of contacts,the price list,the search box,' +
  'a broken link in the footer,the release notes,the calendar view,the login form,the import of old orders,' +
  'the backup job,a flaky check,the map of offices,the audit of permissions,the newsletter,the style guide'
).split(',');

export const PLACES = 'for mobile,before the launch,with the sales team,in Spanish,for the pilot customer,again'.split(
  ',',
);

export const SENTENCES = [
  'Anna has a draft that was never sent to anybody.',
  'It worked until the last release, so look there first.',
  'The customer asked for this twice, most recently on Friday.',
  'Ask the design team before anything is changed.',
  'Numbers of the last quarter are in the shared folder.',
  'Keep the old address working for another month.',
  'This blocks the translation into three languages.',
  'Two people saw it on a tablet, nobody on a desktop.',
  'If it takes more than a day, split it.',
  'The contract says that an answer is due within a week.',
  'There is a recording of the call in which this came up.',
  'Compare with how the competition does it.',
  'Leave a note for support when it is done.',
];

/** Half of each tag's name. */
export const AREAS = 'backend,frontend,design,billing,legal,mobile,search,mail,data,ops'.split(',');
export const KINDS = 'bug,idea,debt,urgent,later,customer,question,spike,chore,risk'.split(',');
