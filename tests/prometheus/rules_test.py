#!/usr/bin/env python3
"""deploy/prometheus by promtool: the rules are valid, and say what scenarios.json says.

  rules_test.py PROMTOOL [FOLDER]    FOLDER: with rules.yml and alerts.yml, deploy/prometheus by default
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ALARMS = 'ALERTS{alertstate="firing", alertname!="Vx11GatewayDown"}'
LABELS = 'job="vx11-gateway", slo="chats", kind="{kind}"'


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-6000:], done.stderr[-6000:], sep="\n")
    return done.returncode == 0


def steps_of(phase, step):
    return round(phase["minutes"] * 60 / step)


def series_of(scenario, step, count):
    """Samples of a counter in the notation of promtool; `count(phase)` is what a step adds."""
    text, value, begun = [], 0, False
    for phase in scenario["phases"]:
        steps = steps_of(phase, step)
        if phase.get("restart"):
            text.append(f"_x{steps - 1}")
            value, begun = 0, False
            continue
        by = count(phase)
        first = value + by if begun else 0
        length = steps if begun else steps + 1
        text.append(f"{first}+{by}x{length - 1}")
        value, begun = first + by * (length - 1), True
    return " ".join(text)


def checks_of(scenario, kind):
    is_quiet = True
    for check in scenario["checks"]:
        is_quiet = is_quiet and not check["firing"]
        if is_quiet:  # until now, not only now
            yield {"expr": f"count_over_time({ALARMS}[{round(check['at'] * 60)}s])",
                   "eval_time": f"{round(check['at'] * 60)}s", "exp_samples": []}
        at = f"{round(check['at'] * 60)}s"
        firing = [{"labels": f'{{window="{window}"}}', "value": 1} for window in check["firing"]]
        yield {"expr": f"sum by (window) ({ALARMS})",
               "eval_time": at, "exp_samples": firing}
        for window, wanted in check.get("burn", {}).items():
            labels = LABELS.format(kind=kind)
            yield {"expr": f"abs(slo:vx11_slo_burn_rate:rate{window} - {wanted}) <= bool {0.06 * wanted}",
                   "eval_time": at, "exp_samples": [{"labels": f"{{{labels}}}", "value": 1}]}


def test_of(scenario, step, kind="availability"):
    labels = LABELS.format(kind=kind)
    counters = {"vx11_slo_events_total": lambda phase: phase["good"] + phase["bad"],
                "vx11_slo_bad_events_total": lambda phase: phase["bad"]}
    inputs = [{"series": f"{name}{{{labels}}}", "values": series_of(scenario, step, count)}
              for name, count in counters.items()]
    length = sum(steps_of(phase, step) for phase in scenario["phases"])
    inputs.append({"series": f"vx11_slo_objective_ratio{{{labels}}}",
                   "values": f"{scenario['objective']}+0x{length}"})
    return {"name": f"{scenario['name']} ({kind})", "interval": f"{step}s", "input_series": inputs,
            "promql_expr_test": list(checks_of(scenario, kind))}


def severities(step):
    """What of an outage pages: not fallbacks, and a gateway that is down."""
    outage = {"name": "severities", "objective": 0.9,
              "phases": [{"minutes": 10, "good": 0, "bad": 100}], "checks": []}
    expectations = {"availability": [("page", 1), ("ticket", 1)], "first_choice": [("ticket", 2)]}
    for kind, wanted in expectations.items():
        test = test_of(outage, step, kind)
        test["promql_expr_test"] = [
            {"expr": f"sum by (severity) ({ALARMS})", "eval_time": "5m",
             "exp_samples": [{"labels": f'{{severity="{name}"}}', "value": n} for name, n in wanted]}]
        yield test
    yield {"name": "a gateway that is down", "interval": f"{step}s",
           "input_series": [{"series": 'up{job="vx11-gateway", instance="a"}', "values": f"1x{600 // step - 1} 0x40"}],
           "promql_expr_test": [
               {"expr": 'count(ALERTS{alertname="Vx11GatewayDown", alertstate="firing"})',
                "eval_time": at, "exp_samples": wanted}
               for at, wanted in (("9m", []), ("12m", [{"labels": "{}", "value": 1}]))]}
    yield {"name": "no gateway is scraped", "interval": f"{step}s",
           "input_series": [{"series": 'up{job="another", instance="a"}', "values": "1x20"}],
           "alert_rule_test": [{"eval_time": "3m", "alertname": "Vx11GatewayDown", "exp_alerts": [
               {"exp_labels": {"severity": "page", "job": "vx11-gateway"}, "exp_annotations": {
                   "summary": "Prometheus has no target of the job vx11-gateway",
                   "description": "No metrics for a minute: see its log and `systemctl status vx11-gateway`; "
                                  "without an instance, the scrape configuration."}}]}]}


def jobs_agree(folder):
    """The job that the alerts ask for is that of the example and of the documentation."""
    wanted = set(re.findall(r'job="([^"]+)"', (folder / "alerts.yml").read_text()))
    named = {path.name: set(re.findall(r"job_name: *(\S+)", path.read_text()))
             for path in (folder / "prometheus.yml", ROOT / "docs/observability.md")}
    wrong = {name: jobs for name, jobs in named.items() if jobs != wanted}
    if wrong:
        print(f"the alerts are for {wanted}, but there is {wrong}")
    return not wrong


def main():
    promtool = sys.argv[1]
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "deploy/prometheus")
    rules = [str(folder / name) for name in ("rules.yml", "alerts.yml")]
    described = json.loads((HERE / "scenarios.json").read_text())
    step = described["step_seconds"]
    tests = [test_of(scenario, step) for scenario in described["scenarios"]]
    # Fallbacks have rules of their own.
    tests += [test_of(scenario, step, "first_choice") for scenario in described["scenarios"][5:6]]
    tests += severities(step)
    good = jobs_agree(folder)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "tests.json"  # JSON is YAML
        path.write_text(json.dumps({"rule_files": rules, "evaluation_interval": f"{step}s", "tests": tests}))
        good = run(promtool, "check", "rules", *rules) and good
        good = run(promtool, "check", "config", "--syntax-only", str(folder / "prometheus.yml")) and good
        good = run(promtool, "test", "rules", str(path)) and good
    print(f"{len(tests)} scenarios {'passed' if good else 'FAILED'}")
    sys.exit(0 if good else 1)


main()
