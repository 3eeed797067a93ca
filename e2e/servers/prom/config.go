package prom

import (
	"fmt"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"
)

// The part of Prometheus' configuration that is used here.
type (
	configFile struct {
		Global        globalConfig    `json:"global"`
		RuleFiles     []string        `json:"rule_files,omitempty"`
		ScrapeConfigs []scrapeConfig  `json:"scrape_configs,omitempty"`
		Alerting      *alertingConfig `json:"alerting,omitempty"`
	}
	globalConfig struct {
		ScrapeInterval     string `json:"scrape_interval"`
		ScrapeTimeout      string `json:"scrape_timeout"`
		EvaluationInterval string `json:"evaluation_interval"`
	}
	scrapeConfig struct {
		JobName       string         `json:"job_name"`
		MetricsPath   string         `json:"metrics_path,omitempty"`
		StaticConfigs []staticConfig `json:"static_configs"`
	}
	staticConfig struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels,omitempty"`
	}
	alertingConfig struct {
		Alertmanagers []alertmanagersConfig `json:"alertmanagers"`
	}
	alertmanagersConfig struct {
		StaticConfigs []staticConfig `json:"static_configs"`
	}
)

// yaml writes the configuration as Prometheus reads it. Targets of one job are
// scraped at one path, the first one's.
func (cfg Config) yaml() ([]byte, error) {
	interval := cfg.Interval
	if interval == 0 {
		interval = time.Second
	}
	every := fmt.Sprintf("%dms", interval.Milliseconds())
	file := configFile{Global: globalConfig{ScrapeInterval: every, ScrapeTimeout: every, EvaluationInterval: every}}
	for _, path := range cfg.RuleFiles {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		file.RuleFiles = append(file.RuleFiles, absolute)
	}
	jobs := map[string]int{} // where each is in ScrapeConfigs
	for _, target := range cfg.Targets {
		i, known := jobs[target.Job]
		if !known {
			i = len(file.ScrapeConfigs)
			jobs[target.Job] = i
			file.ScrapeConfigs = append(file.ScrapeConfigs, scrapeConfig{JobName: target.Job, MetricsPath: target.Path})
		}
		job := &file.ScrapeConfigs[i]
		job.StaticConfigs = append(job.StaticConfigs, staticConfig{Targets: []string{target.Address}, Labels: target.Labels})
	}
	if len(cfg.Alertmanagers) > 0 {
		static := []staticConfig{{Targets: cfg.Alertmanagers}}
		file.Alerting = &alertingConfig{Alertmanagers: []alertmanagersConfig{{StaticConfigs: static}}}
	}
	return yaml.Marshal(file)
}
