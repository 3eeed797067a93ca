# The difference between the simulator and a real run with the same traffic.

.PHONY: calibrate

## calibrate: run ten minutes of traffic on real servers and in the simulator, write docs/calibration.md
calibrate: kafka-archives kubernetes
	cd e2e && LAGSCALER_CALIBRATE=1 go test ./suites/scale -count=1 -timeout 30m -v -run '^TestCalibrate$$'
