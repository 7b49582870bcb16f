/* The layout of the ABI, pinned: what is released may grow at its end, and nothing else may move. A failing
 * line here means that plugins built before would read the wrong fields. A struct that
 * grows gets new lines and a new size; its old lines stay. */
#include "switchyard/plugin.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define AT(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field " moved")

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "64-bit only");
_Static_assert(sizeof(void (*)(void)) == 8, "function pointers are 64 bits");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754 single and double");

/* Values are part of the ABI as well. */
_Static_assert(SY_ABSENT == 0 && SY_NULL == 1 && SY_BOOL == 2 && SY_NUMBER == 3 && SY_TEXT == 4 && SY_LIST == 5 &&
               SY_OBJECT == 6, "value types");
_Static_assert(SY_OK == 0 && SY_NONE == 1 && SY_NEVER == 2 && SY_DEFER == 3, "verdicts");
_Static_assert(SY_E_ARG == -1 && SY_E_CONFIG == -2 && SY_E_STATE == -3 && SY_E_INTERNAL == -4, "failures");
_Static_assert(SY_WORKERS == 0 && SY_SERVERS == 1, "kinds of nodes");
_Static_assert(SY_SITE_UNKNOWN == 0 && SY_SITE_UP == 1 && SY_SITE_DOWN == 2 && SY_SITE_DRAINED == 3, "site states");
_Static_assert(SY_ROLE_PLACE == 1 && SY_ROLE_HOME == 2 && SY_ROLE_METRICS == 3, "roles");
_Static_assert(SY_EV_DISPATCHED == 1 && SY_EV_ACCEPTED == 2 && SY_EV_REJECTED == 3 && SY_EV_SUCCEEDED == 4 &&
               SY_EV_FAILED == 5 && SY_EV_TIMED_OUT == 6 && SY_EV_STOPPED == 7 && SY_EV_LOST == 8, "events of attempts");
_Static_assert(SY_EV_JOINED == 32 && SY_EV_DRAINING == 33 && SY_EV_LEFT == 34 && SY_EV_GAP == 35, "events of nodes");
_Static_assert(SY_EVF_ENDS == 1 && SY_EVF_OWN == 2, "event flags");
_Static_assert(SY_F_UNLOADABLE == 1 && SY_F_DETERMINISTIC == 2 && SY_CMD_CHANGES == 1, "flags");

SIZE(sy_str, 16);
AT(sy_str, ptr, 0);
AT(sy_str, len, 8);

SIZE(sy_error, 16);
AT(sy_error, text, 0);
AT(sy_error, cap, 8);

SIZE(sy_value, 56);
AT(sy_value, size, 0);
AT(sy_value, type, 4);
AT(sy_value, count, 8);
AT(sy_value, number, 16);
AT(sy_value, text, 24);
AT(sy_value, key, 40);

SIZE(sy_host, 88);
AT(sy_host, size, 0);
AT(sy_host, abi_minor, 4);
AT(sy_host, ctx, 8);
AT(sy_host, write_log, 16);
AT(sy_host, count, 24);
AT(sy_host, wake, 32);
AT(sy_host, text_of, 40);
AT(sy_host, intern, 48);
AT(sy_host, column, 56);
AT(sy_host, counter, 64);
AT(sy_host, config, 72);
AT(sy_host, get_extension, 80);

SIZE(sy_nodes, 224);
AT(sy_nodes, size, 0);
AT(sy_nodes, kind, 4);
AT(sy_nodes, count, 8);
AT(sy_nodes, reserved, 12);
AT(sy_nodes, generation, 16);
AT(sy_nodes, tick, 24);
AT(sy_nodes, here_site, 32);
AT(sy_nodes, here_rack, 36);
AT(sy_nodes, id, 40);
AT(sy_nodes, incarnation, 48);
AT(sy_nodes, seat, 56);
AT(sy_nodes, joined_ns, 64);
AT(sy_nodes, name, 72);
AT(sy_nodes, site, 80);
AT(sy_nodes, rack, 88);
AT(sy_nodes, version, 96);
AT(sy_nodes, slots, 104);
AT(sy_nodes, used, 112);
AT(sy_nodes, avail, 120);
AT(sy_nodes, queued, 128);
AT(sy_nodes, weight, 136);
AT(sy_nodes, cpu, 144);
AT(sy_nodes, mem, 152);
AT(sy_nodes, fail_rate, 160);
AT(sy_nodes, latency_ms, 168);
AT(sy_nodes, number, 176);
AT(sy_nodes, number_count, 184);
AT(sy_nodes, text, 192);
AT(sy_nodes, text_count, 200);
AT(sy_nodes, tag, 208);
AT(sy_nodes, tag_count, 216);

SIZE(sy_sites, 88);
AT(sy_sites, size, 0);
AT(sy_sites, count, 4);
AT(sy_sites, site, 8);
AT(sy_sites, state, 16);
AT(sy_sites, members, 24);
AT(sy_sites, live, 32);
AT(sy_sites, slots, 40);
AT(sy_sites, used, 48);
AT(sy_sites, order, 56);
AT(sy_sites, share, 64);
AT(sy_sites, fail_rate, 72);
AT(sy_sites, since_ns, 80);

SIZE(sy_label, 24);
AT(sy_label, key, 0);
AT(sy_label, text, 4);
AT(sy_label, text_column, 8);
AT(sy_label, number_column, 12);
AT(sy_label, number, 16);

SIZE(sy_job, 136);
AT(sy_job, size, 0);
AT(sy_job, attempt, 4);
AT(sy_job, instance, 8);
AT(sy_job, job, 16);
AT(sy_job, parent, 24);
AT(sy_job, key_hash, 32);
AT(sy_job, app, 40);
AT(sy_job, type, 44);
AT(sy_job, queue, 48);
AT(sy_job, site, 52);
AT(sy_job, slots, 56);
AT(sy_job, priority, 60);
AT(sy_job, task, 64);
AT(sy_job, task_count, 68);
AT(sy_job, since_ns, 72);
AT(sy_job, deadline_ns, 80);
AT(sy_job, tried, 88);
AT(sy_job, tried_count, 96);
AT(sy_job, labels, 104);
AT(sy_job, label_count, 112);
AT(sy_job, tags, 120);
AT(sy_job, tag_count, 128);

SIZE(sy_call, 96);
AT(sy_call, size, 0);
AT(sy_call, lane, 4);
AT(sy_call, now_ns, 8);
AT(sy_call, wall_ns, 16);
AT(sy_call, budget_ns, 24);
AT(sy_call, random, 32);
AT(sy_call, nodes, 40);
AT(sy_call, sites, 48);
AT(sy_call, jobs, 56);
AT(sy_call, job_count, 64);
AT(sy_call, verdict, 72);
AT(sy_call, retry_ns, 80);
AT(sy_call, error, 88);

SIZE(sy_rows, 48);
AT(sy_rows, size, 0);
AT(sy_rows, count, 4);
AT(sy_rows, row, 8);
AT(sy_rows, keep, 16);
AT(sy_rows, left, 24);
AT(sy_rows, score, 32);
AT(sy_rows, stride, 40);

SIZE(sy_filter, 24);
AT(sy_filter, size, 0);
AT(sy_filter, reserved, 4);
AT(sy_filter, filter, 8);
AT(sy_filter, explain, 16);

SIZE(sy_scorer, 16);
AT(sy_scorer, size, 0);
AT(sy_scorer, reserved, 4);
AT(sy_scorer, score, 8);

SIZE(sy_balancer, 16);
AT(sy_balancer, size, 0);
AT(sy_balancer, reserved, 4);
AT(sy_balancer, pick, 8);

SIZE(sy_prepare, 24);
AT(sy_prepare, size, 0);
AT(sy_prepare, reserved, 4);
AT(sy_prepare, period_ns, 8);
AT(sy_prepare, prepare, 16);

SIZE(sy_event, 64);
AT(sy_event, kind, 0);
AT(sy_event, flags, 4);
AT(sy_event, type, 8);
AT(sy_event, seat, 12);
AT(sy_event, node, 16);
AT(sy_event, instance, 24);
AT(sy_event, job, 32);
AT(sy_event, at_ns, 40);
AT(sy_event, took_ns, 48);
AT(sy_event, attempt, 56);
AT(sy_event, slots, 60);

SIZE(sy_observer, 24);
AT(sy_observer, size, 0);
AT(sy_observer, event_size, 4);
AT(sy_observer, kinds, 8);
AT(sy_observer, events, 16);

SIZE(sy_state, 32);
AT(sy_state, size, 0);
AT(sy_state, version, 4);
AT(sy_state, oldest, 8);
AT(sy_state, reserved, 12);
AT(sy_state, save, 16);
AT(sy_state, load, 24);

SIZE(sy_command, 48);
AT(sy_command, name, 0);
AT(sy_command, signature, 8);
AT(sy_command, arg_names, 16);
AT(sy_command, help, 24);
AT(sy_command, fn, 32);
AT(sy_command, flags, 40);
AT(sy_command, reserved, 44);

SIZE(sy_commands, 24);
AT(sy_commands, size, 0);
AT(sy_commands, count, 4);
AT(sy_commands, stride, 8);
AT(sy_commands, list, 16);

SIZE(sy_sink, 40);
AT(sy_sink, size, 0);
AT(sy_sink, reserved, 4);
AT(sy_sink, ctx, 8);
AT(sy_sink, number, 16);
AT(sy_sink, text, 24);
AT(sy_sink, tag, 32);

SIZE(sy_metrics, 24);
AT(sy_metrics, size, 0);
AT(sy_metrics, reserved, 4);
AT(sy_metrics, period_ns, 8);
AT(sy_metrics, collect, 16);

SIZE(sy_create, 48);
AT(sy_create, size, 0);
AT(sy_create, role, 4);
AT(sy_create, lane, 8);
AT(sy_create, lanes, 12);
AT(sy_create, seat_limit, 16);
AT(sy_create, reserved, 20);
AT(sy_create, host, 24);
AT(sy_create, config, 32);

SIZE(sy_plugin, 120);
AT(sy_plugin, size, 0);
AT(sy_plugin, abi_minor, 4);
AT(sy_plugin, flags, 8);
AT(sy_plugin, id, 16);
AT(sy_plugin, name, 24);
AT(sy_plugin, version, 32);
AT(sy_plugin, vendor, 40);
AT(sy_plugin, license, 48);
AT(sy_plugin, config_schema, 56);
AT(sy_plugin, create, 64);
AT(sy_plugin, activate, 72);
AT(sy_plugin, deactivate, 80);
AT(sy_plugin, destroy, 88);
AT(sy_plugin, get_extension, 96);
AT(sy_plugin, shutdown, 104);
AT(sy_plugin, next, 112);
