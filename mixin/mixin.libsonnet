// Rules, alerts and dashboards of lagscaler for those who build with jsonnet: the same files that `lagscaler alerts export`, `lagscaler
// dashboards export` and the chart have. docs/mixin.md shows how it is used.
local files = [
  importstr '../alerts/rules/recording.yaml',  // first, because alerts use them
  importstr '../alerts/rules/groups.yaml',
  importstr '../alerts/rules/rebalances.yaml',
  importstr '../alerts/rules/scaling.yaml',
  importstr '../alerts/rules/lagscaler.yaml',
];

local groups = std.flatMap(function(text) std.parseYaml(text).groups, files);

// The groups with those rules that are of a kind: record or alert.
local only(kind, change) = [
  g { rules: std.filterMap(function(r) std.objectHas(r, kind), change, g.rules) }
  for g in groups
  if std.any([std.objectHas(r, kind) for r in g.rules])
];

// An alert about a group or a scaler, with the labels that say whose it is: alerts/owners.go does the same.
local joins = [
  { word: '$labels.group ', on: 'kafka_cluster, group', info: 'lagscaler_group_owner_info' },
  { word: '$labels.target ', on: 'target_namespace, target_kind, target', info: 'lagscaler_scaler_owner_info' },
];
local owned(rule, labels) =
  local words = std.manifestJson(rule.annotations);
  local fits = [j for j in joins if std.length(std.split(words, j.word)) > 1];
  if std.length(labels) == 0 || std.length(fits) == 0 then rule else rule {
    expr: std.foldl(
      function(text, part) std.strReplace(text, part[0], part[1]),
      [['@ON@', fits[0].on], ['@INFO@', fits[0].info], ['@LABELS@', std.join(', ', labels)], ['@EXPR@', std.rstripChars(rule.expr, '\n')]],
      importstr '../alerts/owner_join.tmpl'
    ),
  };

{
  _config+:: {
    // Labels that say whose a group is, as `owners` of lagscaler's configuration lists them: alerts get them.
    owners: [],
    // Names of alerts to leave out.
    disabled: [],
    // Labels of every alert.
    alertLabels: {},
  },

  prometheusRules+:: { groups+: only('record', function(r) r) },

  prometheusAlerts+:: {
    local change(r) = owned(r, $._config.owners) + { labels+: $._config.alertLabels },
    groups+: [
      g { rules: [r for r in g.rules if !std.member($._config.disabled, r.alert)] }
      for g in only('alert', change)
    ],
  },

  grafanaDashboards+:: {
    'lagscaler-group.json': import '../dashboards/json/lagscaler-group.json',
    'lagscaler-overview.json': import '../dashboards/json/lagscaler-overview.json',
    'lagscaler-scaling.json': import '../dashboards/json/lagscaler-scaling.json',
    'lagscaler-self.json': import '../dashboards/json/lagscaler-self.json',
  },
}
