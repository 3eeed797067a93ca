# How near the simulator is to a real run: real Kafka, a real control plane, and ten minutes of traffic.

.PHONY: calibrate

## calibrate: play traffic for ten minutes on real servers, simulate the same, write docs/calibration.md
calibrate: kafka kubernetes
	cd e2e && LAGSCALER_CALIBRATE=1 go test ./suites/scale -count=1 -timeout 30m -v -run '^TestCalibrate$$'
